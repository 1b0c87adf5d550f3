"""How huggingface_hub lays out its cache: src/hub must find the files there, and must write the same layout.

    python oracle/hub_fixtures.py                  # test/fixtures/hub/python-cache.json
    python oracle/hub_fixtures.py --check CACHE    # reads a cache that Fathom filled, offline, and prints what it finds

The first command starts the hub of Fathom's tests on loopback (test/support/hub-server.ts, on the Node of node_modules). It fetches
the files of a tiny checkpoint from it with snapshot_download into an empty cache, asks for two missing files as Transformers does,
and lists that cache:

    commit     of the branch main
    files      path in the cache -> {"link": target} or {"sha256": of the contents, "text": where it is short}

The list leaves out .locks, CACHEDIR.TAG and trees/: only the library writes these. The second command
fails (exit 1) unless branch and commit both give the same complete snapshot with local_files_only.
"""
import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
MODEL = ROOT / "test/fixtures/engine/llama-gqa-bias"
REPO = "org/tiny"
FILES = ["config.json", "tokenizer.json", "model.safetensors", "generation_config.json", "tokenizer_config.json",
         "chat_template.jinja"]
LACKING = ["special_tokens_map.json", "added_tokens.json"]
LEFT_OUT = (".locks/", "CACHEDIR.TAG", f"models--{REPO.replace('/', '--')}/trees/")


def serve():
    node = ROOT / "node_modules/.bin/node"
    server = subprocess.Popen([node, "test/support/hub-server.ts", MODEL, REPO], cwd=ROOT, stdout=subprocess.PIPE,
                              text=True)
    return server, server.stdout.readline().strip()


def listing(cache):
    files = {}
    for path in sorted(cache.rglob("*")):
        name = path.relative_to(cache).as_posix()
        if name.startswith(LEFT_OUT) or path.is_dir():
            continue
        if path.is_symlink():
            files[name] = {"link": os.readlink(path)}
        else:
            content = path.read_bytes()
            files[name] = {"sha256": hashlib.sha256(content).hexdigest()}
            if len(content) <= 64:
                files[name]["text"] = content.decode()
    return files


def make():
    server, endpoint = serve()
    try:
        os.environ["HF_ENDPOINT"] = endpoint
        import huggingface_hub

        with tempfile.TemporaryDirectory() as folder:
            path = huggingface_hub.snapshot_download(REPO, cache_dir=folder, allow_patterns=FILES, token=False)
            for name in LACKING:
                try:
                    huggingface_hub.hf_hub_download(REPO, name, cache_dir=folder, token=False)
                except huggingface_hub.errors.EntryNotFoundError:
                    pass
            made = {
                "madeBy": f"oracle/hub_fixtures.py: huggingface_hub {huggingface_hub.__version__}",
                "repo": REPO,
                "commit": pathlib.Path(path).name,
                "files": listing(pathlib.Path(folder)),
            }
    finally:
        server.terminate()
    out = ROOT / "test/fixtures/hub/python-cache.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(made, indent=1) + "\n")


def check(cache):
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    repos = [path.name.removeprefix("models--").replace("--", "/", 1) for path in pathlib.Path(cache).glob("models--*")]
    for repo in repos:
        path = snapshot_download(repo, cache_dir=cache, local_files_only=True)
        again = snapshot_download(repo, cache_dir=cache, local_files_only=True, revision=pathlib.Path(path).name)
        if path != again:
            sys.exit(f"{repo}: {path} by branch, {again} by commit")
        names = sorted(p.relative_to(path).as_posix() for p in pathlib.Path(path).rglob("*") if p.is_file())
        print(repo, pathlib.Path(path).name, *names)
        for name in names:
            if not os.path.isfile(try_to_load_from_cache(repo, name, cache_dir=cache)):
                sys.exit(f"{repo}: {name} is not found by itself")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", metavar="CACHE")
    cache = parser.parse_args().check
    make() if cache is None else check(cache)
