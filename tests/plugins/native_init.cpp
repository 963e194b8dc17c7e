// The first program of an emulated machine, and but for the one that it runs the only one.
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int main() {
  // Of what Linux puts away when it changes threads, Bochs 3.0 mistakes the shapes of tiles, and
  // does not say that there are numbers in them: there is to be only one thread.
  setenv("OMP_THREAD_LIMIT", "1", 1);
  if (fork() == 0) {
    execl("/driver", "driver", nullptr);
    _exit(127);
  }
  int status = -1;
  wait(&status);
  printf("ended: %d\n", status);
  fflush(stdout);
  tcdrain(STDOUT_FILENO);
  reboot(RB_AUTOBOOT);
}
