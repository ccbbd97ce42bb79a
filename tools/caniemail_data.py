"""Reduces the data of caniemail (what mail programs support) to what the checks use.

    npm pack caniemail@2.0.2
    .venv/bin/python tools/caniemail_data.py caniemail-2.0.2.tgz

writes newsletter/editions/checks/data/caniemail.json; its README there names version, date, licence and checksum.
"""

import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "newsletter" / "editions" / "checks" / "data" / "caniemail.json"


def main() -> int:
    """Writes the reduced data and prints the package's checksum."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    package = Path(sys.argv[1])
    with tarfile.open(package) as archive:
        data = json.load(archive.extractfile("package/data/caniemail.json"))  # type: ignore[arg-type]
    reduced = reduce_data(data)
    lines = ",\n".join(
        f"  {json.dumps(slug)}: {json.dumps(entry)}" for slug, entry in reduced["features"].items()
    )
    head = json.dumps({key: reduced[key] for key in ("updated", "clients")}, indent=1)
    TARGET.write_text(f'{head[:-2]},\n "features": {{\n{lines}\n }}\n}}\n', "utf-8")
    print(f"{package.name} sha256 {hashlib.sha256(package.read_bytes()).hexdigest()}")
    print(f"{len(reduced['features'])} features of {reduced['updated']}, {TARGET.stat().st_size} bytes")
    return 0


def reduce_data(data: dict[str, Any]) -> dict[str, Any]:
    """Each feature's title and one letter per client: y, n, a (in part), u (unknown), of the latest version tested."""
    features = [item for item in data["data"] if item["category"] in {"css", "html", "image"}]
    clients = sorted(
        {
            f"{family}/{platform}"
            for item in features
            for family, platforms in item["stats"].items()
            for platform in platforms
        }
    )
    names = data["nicenames"]
    return {
        "updated": data["last_update_date"][:10],
        "clients": {client: _name(client, names) for client in clients},
        "features": {
            item["slug"]: [item["title"], "".join(_latest(item["stats"], client) for client in clients)]
            for item in sorted(features, key=lambda item: item["slug"])
        },
    }


def _latest(stats: dict[str, Any], client: str) -> str:
    family, platform = client.split("/")
    versions = stats.get(family, {}).get(platform, {})
    if not versions:
        return "u"
    return str(versions[max(versions, key=_version)])[0]


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.replace("-", ".").split(".") if part.isdigit())


def _name(client: str, names: dict[str, dict[str, str]]) -> str:
    family, platform = client.split("/")
    return f"{names['family'][family]} ({names['platform'][platform]})"


if __name__ == "__main__":
    sys.exit(main())
