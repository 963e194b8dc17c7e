"""Remote texts: their addresses, sizes and hashes."""

from __future__ import annotations

from pathlib import Path

from zoo_core.downloads.download import RemoteFile, read_pinned

OWN_TEXT_REMEDY = "for a text of your own: --dataset text --dataset.path FILE"

TIME_MACHINE = RemoteFile(
    name="timemachine.txt",
    size=178_979,
    sha256="8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516",
    mirrors=("http://d2l-data.s3-accelerate.amazonaws.com/timemachine.txt",),
)
NIETZSCHE = RemoteFile(
    name="nietzsche.txt",
    size=600_901,
    sha256="23cf69874ab69d3d256099ab530ea4be24d47d9675b673bcc67cbcd6298ec647",
    mirrors=("https://s3.amazonaws.com/text-datasets/nietzsche.txt",),
)
TINY_SHAKESPEARE = RemoteFile(
    name="tinyshakespeare.txt",
    size=1_115_394,
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    mirrors=(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    ),
)


def text_of(file: RemoteFile, path: Path | None, remedy: str = OWN_TEXT_REMEDY) -> str:
    """Returns the text of a remote file.

    Args:
        file: The remote file, downloaded once and kept.
        path: A local copy to read instead, or None.
        remedy: What to do if the copy is another text.

    Raises:
        DataError: The copy cannot be read.
        IntegrityError: The copy or the download is another text.
        NetworkError: The download failed; the message says where to put a copy.
    """
    return read_pinned(file, path, remedy).decode()
