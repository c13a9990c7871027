#!/bin/sh
# Installs RabbitMQ from the system's packages; run as root: sudo sh deploy/runner/install-rabbitmq.sh
#
# Debian starts a service as soon as it is installed. Opora runs a node of its own and must not
# occupy the standard ports, so a policy forbids that start while this script runs. A policy that is
# already there is the administrator's and stays as it is; ours is void once this process is gone,
# even if it was killed before it could remove it.
set -eu

policy=${OPORA_POLICY_FILE:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    cat >"$policy" <<END
#!/bin/sh
case "\$*" in *rabbitmq*|*epmd*) kill -0 $$ 2>/dev/null && exit 101 ;; esac
exit 0
END
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # dpkg insists; `su` without a dash forgets them
patience="-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
# One broken source among several is no reason to give up: the next command is the one that counts.
apt-get $patience update || true
apt-get $patience install --yes --no-install-recommends rabbitmq-server
