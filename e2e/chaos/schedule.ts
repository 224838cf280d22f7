import type { Random } from './random.js';

export type FaultKind =
  | 'replica killed'
  | 'replica asked to end'
  | 'replica frozen'
  | 'replica with a wrong clock'
  | 'broker stopped'
  | 'broker killed'
  | 'broker with a full disk'
  | 'database killed'
  | 'database line cut'
  | 'database line delayed'
  | 'database line silent'
  | 'database line losing packets'
  | 'database line without answers'
  | 'broker line cut'
  | 'broker line delayed'
  | 'broker line silent'
  | 'broker line losing packets'
  | 'client line cut'
  | 'client line delayed'
  | 'client line silent'
  | 'client line losing packets'
  | 'client line without answers'
  | 'slow reader';

export interface Fault {
  readonly number: number;
  readonly kind: FaultKind;
  /** The name of a replica, of a node, or of a reader; of lines see `isOfOwnNode`. */
  readonly target: string;
  /** From the beginning of the run, in milliseconds. */
  readonly atMs: number;
  /** How long it lasts before it is mended, in milliseconds. */
  readonly forMs: number;
}

/** What there is to break. */
export interface Targets {
  readonly replicas: readonly string[];
  readonly readers: readonly string[];
  /** Nodes of the database and of the broker; where there are several, each replica has one of its own. */
  readonly databases: readonly string[];
  readonly brokers: readonly string[];
  /** Whether the broker can be told that its disk is full. */
  readonly brokerHasControl: boolean;
  /** Whether the system can be told to lose packets; where it cannot, lines fall silent instead. */
  readonly packetsCanBeLost: boolean;
}

/** Seconds that each lasts, at least and at most; `[0, 0]` is over at once. */
const LASTS: Readonly<Record<FaultKind, readonly [number, number]>> = {
  'replica killed': [0, 8],
  'replica asked to end': [0, 8],
  'replica frozen': [1, 20],
  'replica with a wrong clock': [8, 30],
  'broker stopped': [3, 60],
  'broker killed': [0, 5],
  'broker with a full disk': [3, 30],
  'database killed': [0, 6],
  'database line cut': [0, 0],
  'database line delayed': [2, 15],
  'database line silent': [2, 15],
  'database line losing packets': [2, 15],
  'database line without answers': [0.1, 3],
  'broker line cut': [0, 6],
  'broker line delayed': [2, 15],
  'broker line silent': [2, 25],
  'broker line losing packets': [2, 15],
  'client line cut': [0, 4],
  'client line delayed': [2, 15],
  'client line silent': [2, 15],
  'client line losing packets': [2, 15],
  'client line without answers': [0.1, 3],
  'slow reader': [3, 45],
};

/** Seconds between two faults: often one strikes while another lasts. */
const GAP: readonly [number, number] = [1, 5];
/** No fault lasts longer than this part of the run. */
const LONGEST_PART = 1 / 4;

const OWN_NODE = ', own node only';

/** Whether of a replica's lines to all nodes only that to its own is broken, so that it goes to the next. */
export function isOfOwnNode(target: string): boolean {
  return target.endsWith(OWN_NODE);
}

/** Whose line the target is. */
export function replicaOf(target: string): string {
  return target.replace(OWN_NODE, '');
}

/**
 * What a fault keeps busy: two of one thing do not go together. All nodes of a cluster are one thing: it bears the loss of
 * one, and the next comes when that is back.
 */
export function thingOf(kind: FaultKind, target: string): string {
  if (kind.startsWith('replica')) return `replica ${target}`;
  if (kind === 'slow reader') return `reader ${target}`;
  const [thing = kind, line] = kind.split(' ');
  return line === 'line' ? `${thing} line of ${replicaOf(target)}` : thing;
}

/**
 * The faults of a run, by their time. The kinds come in rounds, each in an order of its own, so that also a short run
 * meets most of them; what would strike a thing that is still broken is left out.
 */
export function scheduleOf(random: Random, lengthMs: number, targets: Targets): Fault[] {
  const kinds = (Object.keys(LASTS) as FaultKind[])
    .filter((kind) => kind !== 'broker with a full disk' || targets.brokerHasControl)
    .map((kind) => (targets.packetsCanBeLost ? kind : withoutPacketLoss(kind)));
  const faults: Fault[] = [];
  const busyUntil = new Map<string, number>();
  let deck: FaultKind[] = [];
  for (let atMs = 2_000; ; atMs += random.between(...GAP) * 1_000) {
    if (deck.length === 0) deck = random.shuffled(kinds);
    const kind = deck.pop();
    if (kind === undefined) return faults;
    const target = targetOf(kind, random, targets);
    const [shortest, longest] = LASTS[kind];
    const forMs = Math.round(Math.min(random.between(shortest, longest) * 1_000, lengthMs * LONGEST_PART));
    if (atMs > lengthMs) return faults;
    const thing = thingOf(kind, target);
    if (atMs + forMs > lengthMs || (busyUntil.get(thing) ?? 0) > atMs) continue;
    busyUntil.set(thing, atMs + forMs);
    faults.push({ number: faults.length + 1, kind, target, atMs: Math.round(atMs), forMs });
  }
}

function withoutPacketLoss(kind: FaultKind): FaultKind {
  switch (kind) {
    case 'database line losing packets':
      return 'database line silent';
    case 'broker line losing packets':
      return 'broker line silent';
    case 'client line losing packets':
      return 'client line silent';
    default:
      return kind;
  }
}

function targetOf(kind: FaultKind, random: Random, targets: Targets): string {
  const { replicas, readers, databases, brokers } = targets;
  if (kind === 'slow reader') return random.pick(readers) ?? '';
  const nodes = kind.startsWith('database') ? databases : kind.startsWith('broker') ? brokers : [];
  if (kind.startsWith('replica') || kind.includes(' line ')) {
    const replica = random.pick(replicas) ?? '';
    return nodes.length > 1 && random.chance(0.5) ? `${replica}${OWN_NODE}` : replica;
  }
  return random.pick(nodes) ?? '';
}

export function describe({ number, kind, target, atMs, forMs }: Fault): string {
  const length = forMs === 0 ? '' : `, ${(forMs / 1_000).toFixed(1)} s`;
  return `${(atMs / 1_000).toFixed(1).padStart(6)} s  #${number} ${kind} (${target}${length})`;
}
