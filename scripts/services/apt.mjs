import { spawnSync } from 'node:child_process';
import { Failure } from '../failure.mjs';
import { run } from '../run.mjs';
import { isExcluded, isRoot, systemKind } from './programs.mjs';

const LIMIT_MS = 10 * 60_000;

/**
 * Installs packages and lets none of their services start, now or at the next boot. One at a time on this machine. What
 * stood in policy-rc.d before stands there after, also when the script is ended half-way.
 */
const SCRIPT = `
set -eu
# Whoever reads what this prints may be gone, and the rest must still happen.
trap '' PIPE
policy=/usr/sbin/policy-rc.d
aside=$policy.before-energy-chat
mark='# made by energy-chat for the time of one apt-get'
if command -v flock >/dev/null && [ -z "\${ENERGY_CHAT_LOCKED:-}" ]; then
  ENERGY_CHAT_LOCKED=1 exec flock /run/lock/energy-chat-apt sh -c "$ENERGY_CHAT_SCRIPT" sh "$@"
fi
restore() {
  if [ -e "$policy" ] && grep -qF "$mark" "$policy"; then rm -f "$policy"; fi
  if [ -e "$aside" ]; then mv -f "$aside" "$policy"; fi
}
restore
trap restore EXIT
trap 'exit 1' HUP INT TERM
if [ -e "$policy" ]; then mv "$policy" "$aside"; fi
printf '#!/bin/sh\\n%s\\nexit 101\\n' "$mark" > "$policy"
chmod 755 "$policy"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -q -o DPkg::Lock::Timeout=300 update
apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"
if command -v systemctl >/dev/null; then
  for unit in mariadb.service rabbitmq-server.service epmd.socket epmd.service; do
    systemctl disable "$unit" >/dev/null 2>&1 || true
  done
fi
`;

/** Whether packages can be installed without asking anybody. */
export function canInstallByApt() {
  if (systemKind() !== 'debian' || isExcluded('apt')) return false;
  return isRoot() || spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

/** @param {readonly string[]} packages */
export async function installByApt(packages) {
  // The script runs itself once more under the lock, so it is handed over as a variable too.
  const command = ['env', `ENERGY_CHAT_SCRIPT=${SCRIPT}`, 'sh', '-c', SCRIPT, 'sh', ...packages];
  const [program = 'env', ...args] = isRoot() ? command : ['sudo', '-n', ...command];
  const { code, output } = await run(program, args, { limitMs: LIMIT_MS });
  if (code !== 0) {
    const last = output.trimEnd().split('\n').slice(-20).join('\n');
    throw new Failure(`apt-get could not install ${packages.join(' ')}.`, last);
  }
}
