#!/bin/sh
# `make build` packs the committed version; `make deploy TO=[user@host:]/folder` installs it there beside the earlier ones.
#
# The folder: releases/<version>-<commit>/ (one for each), current (a link to the one in use), shared/var and shared/env
# (settings of production, see .env.example; stays). The services are the machine's own: restart them by RESTART, for
# example  make deploy TO=app@db1:/srv/steward RESTART='sudo systemctl restart steward'.
# To go back: point `current` to the release before, and restart. The database is changed by `database init`, after a backup;
# migrations expand before they contract, so that the release before still runs on it.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
commit=$(git rev-parse --short=12 HEAD)
name=steward-$version-$commit
package=build/$name.tar.gz

build() {
  [ -z "$(git status --porcelain)" ] || echo "Note: what is not committed is not in the package." >&2
  mkdir -p build
  git archive --format=tar.gz --prefix="$name/" -o "$package" HEAD
  sha256sum "$package" | tee "$package.sha256"
}

# What is done on the machine itself; $1 the folder, $2 the name, $3 what restarts the services.
install_script='
set -eu
folder=$1; name=$2; restart=$3
mkdir -p "$folder/releases" "$folder/shared/var"
cd "$folder/releases"
rm -rf "$name"; tar xzf "$folder/incoming.tar.gz"; rm -f "$folder/incoming.tar.gz"
cd "$name"
make .venv/runtime.stamp
if [ -f "$folder/shared/env" ]; then set -a; . "$folder/shared/env"; set +a; fi
export STEWARD_VAR="${STEWARD_VAR:-$folder/shared/var}"
.venv/bin/python manage.py check --deploy --fail-level ERROR
if [ -n "${DATABASE_URL:-}" ]; then .venv/bin/python manage.py database init --yes; fi
ln -sfn "releases/$name" "$folder/current.new"; mv -T "$folder/current.new" "$folder/current"
if [ -n "$restart" ]; then sh -c "$restart"; else echo "Restart the services now, or say how: RESTART=..."; fi
echo "$folder/current is $name."
'

deploy() {
  to=$1
  case "$to" in *:/*|/*) ;; *) echo "Say where: make deploy TO=[user@host:]/absolute/folder" >&2; exit 2 ;; esac
  build
  case "$to" in
    *:/*)
      host=${to%%:*}; folder=${to#*:}
      ssh "$host" "mkdir -p '$folder'"
      scp -q "$package" "$host:$folder/incoming.tar.gz"
      ssh "$host" sh -s -- "'$folder'" "'$name'" "'${RESTART:-}'" <<SCRIPT
$install_script
SCRIPT
      ;;
    *)
      mkdir -p "$to"
      cp "$package" "$to/incoming.tar.gz"
      sh -c "$install_script" sh "$to" "$name" "${RESTART:-}"
      ;;
  esac
}

case "${1:-}" in
  build) build ;;
  deploy) deploy "${2:-}" ;;
  *) echo "Usage: deploy/release.sh build|deploy [user@host:]/folder" >&2; exit 2 ;;
esac
