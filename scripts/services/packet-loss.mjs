import { spawnSync } from 'node:child_process';
import { Failure } from '../failure.mjs';
import { guard } from '../guard.mjs';
import { freePort } from './network.mjs';
import { findProgram, isRoot } from './programs.mjs';

/**
 * Why packets cannot be dropped here; undefined where they can: by root with iptables, which is Linux.
 * @returns {Promise<string | undefined>}
 */
export async function whyNoPacketLoss() {
  if (findProgram(['iptables']) === undefined) return 'iptables is missing';
  if (!isRoot()) return 'only root may drop packets';
  try {
    losePackets(await freePort(), 1)();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/**
 * The system loses this part of all packets to and from a port of loopback, until the answer is called or this process is
 * gone, however it ends. Nothing else is touched.
 * @param {number} port
 * @param {number} part over 0; 1: every packet, as with a cut cable
 * @returns {() => void}
 */
export function losePackets(port, part) {
  const program = findProgram(['iptables']) ?? 'iptables';
  const some = part < 1 ? ['-m', 'statistic', '--mode', 'random', '--probability', String(part)] : [];
  // Those that arrive: to drop what leaves would tell the sender.
  const rule = ['INPUT', '-i', 'lo', '-p', 'tcp', '-m', 'multiport', '--ports', String(port), ...some, '-j', 'DROP'];
  const change = (/** @type {'-I' | '-D'} */ way) => [program, '-w', '5', way, ...rule];
  // First: to remove a rule that is not there harms nobody.
  const safe = guard({ undo: change('-D') });
  carryOut(change('-I'));
  let isLost = true;
  return () => {
    if (!isLost) return;
    isLost = false;
    carryOut(change('-D'));
    safe();
  };
}

/** @param {readonly string[]} command */
function carryOut([program = '', ...args]) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Failure(`${program} ${args.join(' ')} failed.`, stderr ?? '');
}
