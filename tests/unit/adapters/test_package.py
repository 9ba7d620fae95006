from pathlib import Path

from gateway.adapters.package import package_digest


def make(root: Path) -> Path:
    (root / "gateway" / "__pycache__").mkdir(parents=True)
    (root / "gateway" / "a.py").write_text("a = 1\n")
    (root / "gateway" / "__pycache__" / "a.pyc").write_text("compiled")
    (root / "function_app.py").write_text("app = None\n")
    return root


def test_the_digest_covers_deployed_files_and_their_names(tmp_path: Path) -> None:
    root = make(tmp_path)
    before = package_digest(root)
    (root / "gateway" / "__pycache__" / "a.pyc").write_text("compiled again")
    (root / "README.md").write_text("not deployed code")
    assert package_digest(root) == before

    (root / "gateway" / "a.py").rename(root / "gateway" / "b.py")
    renamed = package_digest(root)
    (root / "requirements.txt").write_text("aiohttp==3\n")
    assert len({before, renamed, package_digest(root)}) == 3


def test_byte_code_counts_where_python_would_take_it_without_its_source(tmp_path: Path) -> None:
    root = make(tmp_path)
    before = package_digest(root)
    compiled = root / "gateway" / "__pycache__" / "a.pyc"
    unchecked, checked = (1).to_bytes(4, "little"), (3).to_bytes(4, "little")
    compiled.write_bytes(b"\xf3\x0d\r\n" + checked + b"12345678code")
    assert package_digest(root) == before
    compiled.write_bytes(b"\xf3\x0d\r\n" + unchecked + b"12345678code")
    covered = package_digest(root)
    compiled.write_bytes(b"\xf3\x0d\r\n" + unchecked + b"12345678more")
    assert len({before, covered, package_digest(root)}) == 3
