"""Downloads, against a server on this machine."""

import errno
import fcntl
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from songrec.data import Dataset, DataSource, available, fetch, transfer, triplets
from songrec.data.download import File
from songrec.data.sources import SOURCES
from songrec.data.transfer import download
from songrec.errors import BusyError, ConfigError, DataError

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Site(BaseHTTPRequestHandler):
    """Serves CONTENT; the class attributes say how well it behaves."""

    etag = '"one"'
    ranges = True
    break_at = None  # bytes after which every answer breaks off
    status = None
    sick = 0  # how many answers are 503 at first
    length = None  # what it announces instead of the length
    total = len(CONTENT)  # of which a part says that it is one
    answers = 1000  # before it hangs up on everybody
    asked = None  # the Range headers of all requests

    def do_GET(self):
        wanted = self.headers.get("Range")
        type(self).asked.append(wanted)
        if len(self.asked) > self.answers:
            return
        if len(self.asked) <= self.sick:
            self.send_error(503)
            return
        if self.status:
            self.send_error(self.status)
            return
        start = 0
        if self.ranges and wanted and self.headers.get("If-Range") in (None, self.etag):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(CONTENT)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{self.total}")
        if self.etag:
            self.send_header("ETag", self.etag)
        self.send_header("Content-Length", self.length or str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start:][: self.break_at])
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = type("Handler", (Site,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_port}/log.zip"
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_arrives_whole_and_leaves_nothing_else(site, tmp_path):
    path = download(site.url, tmp_path / "deep" / "log.zip", begins=b"\x00\x01", sha256=SHA256)
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["log.zip"]
    download(site.url, path, sha256=SHA256)
    assert site.asked == [None]  # what is there is not asked for again


def test_a_transfer_that_breaks_off_goes_on_from_there(site, tmp_path):
    site.break_at = 4 * transfer.CHUNK
    assert download(site.url, tmp_path / "log.zip", sha256=SHA256).read_bytes() == CONTENT
    assert site.asked == [None, "bytes=262144-", "bytes=524288-", "bytes=786432-"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(site, tmp_path):
    site.break_at, site.answers = 4 * transfer.CHUNK, 1
    with pytest.raises(DataError, match=r"262,144 bytes have come and are kept(.|\n)*log\.zip$"):
        download(site.url, tmp_path / "log.zip", sha256=SHA256)
    assert not (tmp_path / "log.zip").exists()
    asked = len(site.asked)
    assert asked <= 1 + transfer.ATTEMPTS
    site.break_at, site.answers = None, 1000
    assert download(site.url, tmp_path / "log.zip", sha256=SHA256).read_bytes() == CONTENT
    assert site.asked[asked:] == ["bytes=262144-"]


def test_a_whole_part_is_not_fetched_again(site, tmp_path):
    (tmp_path / "log.zip.part").write_bytes(CONTENT)
    (tmp_path / "log.zip.part.tag").write_text(site.etag)
    assert download(site.url, tmp_path / "log.zip", sha256=SHA256).read_bytes() == CONTENT
    assert site.asked == [f"bytes={len(CONTENT)}-"]


@pytest.mark.parametrize("spoilt", ["another version", "no version", "no ranges", "too long"])
def test_a_part_that_cannot_be_continued_is_fetched_anew(site, tmp_path, spoilt):
    (tmp_path / "log.zip.part").write_bytes(b"x" * (2 * len(CONTENT) if spoilt == "too long" else 1000))
    if spoilt != "no version":
        (tmp_path / "log.zip.part.tag").write_text('"old"' if spoilt == "another version" else site.etag)
    site.ranges = spoilt != "no ranges"
    assert download(site.url, tmp_path / "log.zip", sha256=SHA256).read_bytes() == CONTENT


def test_a_site_without_ranges_and_versions_that_breaks_off_gives_nothing(site, tmp_path):
    site.ranges, site.etag, site.break_at = False, None, 4 * transfer.CHUNK
    with pytest.raises(DataError, match=f"{site.url}(.|\n)*{tmp_path / 'log.zip'}"):
        download(site.url, tmp_path / "log.zip")
    assert set(site.asked) == {None}
    assert not (tmp_path / "log.zip").exists()


def test_a_wrong_checksum_keeps_nothing(site, tmp_path):
    with pytest.raises(DataError, match=f"SHA-256 {SHA256} instead of 0000"):
        download(site.url, tmp_path / "log.zip", sha256="0" * 64)
    assert not (tmp_path / "log.zip").exists()
    assert not (tmp_path / "log.zip.part").exists()


def test_another_page_in_the_files_place_keeps_nothing(site, tmp_path):
    with pytest.raises(DataError, match="some other page was sent"):
        download(site.url, tmp_path / "log.zip", begins=b"PK")
    assert not list(tmp_path.glob("*.zip*"))


def test_a_file_put_there_by_hand_is_verified_and_never_removed(site, tmp_path):
    (tmp_path / "log.zip").write_bytes(b"something")
    with pytest.raises(DataError, match=r"log\.zip has the SHA-256 .* Delete it"):
        download(site.url, tmp_path / "log.zip", sha256=SHA256)
    assert (tmp_path / "log.zip").read_bytes() == b"something"
    assert site.asked == []


def test_what_the_site_refuses_is_said_with_the_place_for_the_file(site, tmp_path):
    site.status = 404
    with pytest.raises(
        DataError, match=rf"{site.url} \(it answers 404 Not Found\)(.|\n)*{tmp_path / 'log.zip'}"
    ):
        download(site.url, tmp_path / "log.zip")
    assert site.asked == [None]  # asking again would not help


def test_a_site_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    url = "http://127.0.0.1:9/log.zip"  # the discard port: nobody listens
    with pytest.raises(DataError, match=f"cannot get {url}(.|\n)*put it here:\n  {tmp_path / 'log.zip'}"):
        download(url, tmp_path / "log.zip")
    assert list(tmp_path.iterdir()) == []


def test_two_downloads_of_one_file_do_not_mix(site, tmp_path):
    with open(tmp_path / "log.zip.part", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match=r"another process is downloading log\.zip"):
            download(site.url, tmp_path / "log.zip")


def test_no_space_left_is_said_and_what_has_come_is_kept(site, tmp_path, monkeypatch):
    class Full:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "_receive", lambda a, f, p, old=transfer._receive: old(a, Full(f), p))
    with pytest.raises(DataError, match=r"cannot write .*log\.zip: No space left on device"):
        download(site.url, tmp_path / "log.zip")
    assert not (tmp_path / "log.zip").exists()


def test_a_folder_that_lies_below_a_regular_file(site, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*: (Not a directory|File exists)"):
        download(site.url, tmp_path / "file" / "log.zip")


def test_fetch_puts_every_file_of_a_data_set_in_its_folder(site, tmp_path, monkeypatch):
    files = tuple(File(f"{site.url}/{name}", b"\x00\x01") for name in ("a.zip", "b.txt"))
    one = Dataset("one", "One", "1 MB", "free", "nowhere", files)
    monkeypatch.setitem(SOURCES, "one", DataSource("one", triplets, dataset=one))
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    assert one.path is None
    assert "not here: songrec data fetch one" in str(one)
    paths = fetch("one")
    assert paths == [tmp_path / "raw" / "one" / name for name in ("a.zip", "b.txt")]
    assert one.path == one.locate() == paths[0]
    assert one in available()


def test_an_unknown_data_set_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="there are: taste-profile, lastfm-2k"):
        fetch("spotify")


@pytest.mark.parametrize("length", ["many", "-5", "1e3", ""])
def test_a_length_that_is_no_number_is_no_length(site, tmp_path, length):
    site.length = length or None
    assert download(site.url, tmp_path / "log.zip", sha256=SHA256).read_bytes() == CONTENT


def test_a_part_of_another_whole_than_was_announced_is_not_believed(site, tmp_path):
    """Without a checksum: 300 bytes more would have been taken for the file."""
    site.break_at, site.total = 4 * transfer.CHUNK, 4 * transfer.CHUNK + 300
    with pytest.raises(DataError, match="cannot get"):
        download(site.url, tmp_path / "log.zip")
    assert not (tmp_path / "log.zip").exists()


def test_a_site_that_is_out_of_order_is_asked_again(site, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "PAUSE", 0)
    site.sick = 2
    assert download(site.url, tmp_path / "log.zip", sha256=SHA256).read_bytes() == CONTENT
    assert site.asked == [None] * 3


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (500, transfer.ATTEMPTS)])
def test_a_site_that_gives_nothing_leaves_nothing(site, tmp_path, monkeypatch, status, asked):
    monkeypatch.setattr(transfer, "PAUSE", 0)
    site.status = status
    with pytest.raises(DataError, match=f"it answers {status}"):
        download(site.url, tmp_path / "log.zip")
    assert len(site.asked) == asked
    assert list(tmp_path.iterdir()) == []
