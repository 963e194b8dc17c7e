// The first program of an emulated machine. It runs the driver and restarts the machine.
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

int main() {
  // Bochs 3.0 does not restore AMX tiles correctly when Linux switches threads, so only one thread is
  // allowed.
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
