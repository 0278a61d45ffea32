# Runs one PostgreSQL for xtask, and takes it away when xtask ends, however it ends.
#
# Standard input is a pipe whose other end only xtask holds, so it closes even when xtask is killed with SIGKILL.
# Start and stop are steps of this one script, one after the other: there is no moment at which an interrupted
# xtask leaves half a server behind.
#
# To xtask it says `ready` on standard output, or else why there is no server. From xtask it hears, one a line,
# whom to send SIGTERM in the end: a process id, a process group (`-ID`), or nobody (an empty line).
#
# $1  the directory to create and remove      $4  more lines of postgresql.conf
# $2  where the server programs are           $5  the user to run them as, empty for ourselves
# $3  the port, on 127.0.0.1
set -u
dir=$1 bin=$2 port=$3 settings=$4 user=$5
running=

# Programs of the server may not run as root. Every Debian has setpriv, which needs no PAM; others have one of these.
if [ -z "$user" ]; then
    as_user() { "$@"; }
elif setpriv --reuid="$user" true 2>/dev/null; then
    as_user() { setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- "$@"; }
elif runuser -u "$user" -- true 2>/dev/null; then
    as_user() { runuser -u "$user" -- "$@"; }
else
    as_user() { su -s /bin/sh -c 'exec "$0" "$@"' -- "$user" "$@"; }
fi

create() {
    as_user "$bin/initdb" -D "$dir/data" -U commerce --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync &&
        printf "port = %s\nlisten_addresses = '127.0.0.1'\n%s\n" "$port" "$settings" >>"$dir/data/postgresql.conf" &&
        as_user "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start &&
        as_user "$bin/createdb" -h 127.0.0.1 -p "$port" -U commerce commerce
}

remove() {
    trap '' HUP INT TERM
    cd /
    if [ -n "$running" ]; then
        kill -s TERM -- "$running" 2>/dev/null
    fi
    if [ -f "$dir/data/postmaster.pid" ]; then
        as_user "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 30 stop >/dev/null 2>&1
    fi
    rm -rf -- "$dir"
}

# Without xtask there is nobody to say `ready` to, and still something to remove.
trap '' PIPE
export LC_ALL=C HOME="$dir"

as_user mkdir -m 700 -- "$dir" 2>&1 || exit 1
trap remove EXIT
trap 'exit 1' HUP INT TERM
cd "$dir" || exit 1

if ! create >"$dir/setup.log" 2>&1 </dev/null; then
    cat "$dir/setup.log" "$dir/server.log" 2>/dev/null
    exit 1
fi
echo ready

while read -r line; do
    running=$line
done
