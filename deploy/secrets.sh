#!/bin/sh
# Writes .env, from which `docker compose` takes what must not stand in the repository.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo ".env is there already; it is not overwritten" >&2
    exit 1
fi

random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

umask 077
cat >.env <<END
# Made by deploy/secrets.sh; keep it out of the repository and in your backup.
OPORA_BROKER_PASSWORD=$(random_hex 24)
OPORA_DATABASE_PASSWORD=$(random_hex 24)
# Citizens are found again by hashes made with this key: it must never change or be lost.
OPORA_IDENTITY_KEY=$(random_hex 32)
OPORA_WEBHOOK_SECRET=whsec_$(head -c 32 /dev/urandom | base64 | tr -d '\n')

# The identity provider: its public keys (a file) and its name. These are the local runner's, good
# for a trial: \`make token ROLE=...\` makes the keys and prints tokens.
OPORA_JWKS_PATH=./.local/up/credentials/jwks.json
OPORA_ISSUER=urn:opora:local

# Outside parties; fill in what the agreements with them say.
OPORA_PENSION_FUND_URL=https://pension-fund.invalid
OPORA_PENSION_FUND_TOKEN=
OPORA_WEBHOOK_URL=https://hospital.invalid/webhooks
# Directory id of the one medical organization that listens there.
OPORA_WEBHOOK_ORGANIZATION=l-medical-organization-01
END
echo "Wrote .env" >&2
