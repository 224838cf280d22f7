import { setTimeout as pause } from 'node:timers/promises';
import type { Replica } from '../support/replica.js';
import type { Field, Post } from './field.js';
import type { Line } from './line.js';
import type { Observer } from './observer.js';
import type { Random } from './random.js';
import type { Recorder } from './recorder.js';
import { describe, type Fault, isOfOwnNode, replicaOf, thingOf } from './schedule.js';
import type { Node } from './servers.js';

/** Whoever starts a replica again does so until it is there, as an orchestrator does. */
const RESTART_LIMIT_MS = 120_000;
const CLOCK_PRELOAD = new URL('./shifted-clock.mjs', import.meta.url).href;
const A_MINUTE_MS = 60_000;
const DELAY_MS = 150;
/** Of the packets on a bad line; on a cut one all. */
const LOST_PART = 0.3;

/** Carries out a schedule. What a fault has broken is whole again when it is over. */
export class Faults {
  private readonly busy = new Map<string, Promise<void>>();

  constructor(
    private readonly field: Field,
    private readonly observers: readonly Observer[],
    private readonly recorder: Recorder,
    private readonly random: Random,
    private readonly say: (text: string) => void,
  ) {}

  /** Answers when the last fault is over; fails as soon as one cannot be mended. */
  async carryOut(schedule: readonly Fault[], signal: AbortSignal): Promise<void> {
    const unmended = Promise.withResolvers<never>();
    const strikeAll = async (): Promise<void> => {
      for (const fault of schedule) {
        await pause(Math.max(0, fault.atMs - this.recorder.now), undefined, { signal });
        const thing = thingOf(fault.kind, fault.target);
        // A server may take longer to come back than planned.
        const strike = (this.busy.get(thing) ?? Promise.resolve()).then(() => this.strike(fault));
        this.busy.set(thing, strike);
        strike.catch(unmended.reject);
      }
      await Promise.all(this.busy.values());
    };
    await Promise.race([strikeAll(), unmended.promise]);
  }

  private async strike(fault: Fault): Promise<void> {
    const { number, kind, target } = fault;
    this.say(describe({ ...fault, atMs: this.recorder.now }));
    this.recorder.write({ kind: 'fault', number, fault: kind, target, phase: 'begins' });
    await this.breakAndMend(fault);
    this.recorder.write({ kind: 'fault', number, fault: kind, target, phase: 'is over' });
  }

  private async breakAndMend({ number, kind, target, forMs }: Fault): Promise<void> {
    switch (kind) {
      case 'replica killed': {
        const { replica } = this.post(target);
        await replica.kill();
        await pause(forMs);
        return start(replica);
      }
      case 'replica asked to end': {
        const { replica } = this.post(target);
        await replica.terminate().catch((error: unknown) => {
          this.say(String(error).split('\n')[0] ?? '');
          this.recorder.write({ kind: 'ended late', replica: target, number });
        });
        await pause(forMs);
        return start(replica);
      }
      case 'replica frozen': {
        const { replica } = this.post(target);
        replica.freeze();
        await pause(forMs);
        replica.thaw();
        return;
      }
      case 'replica with a wrong clock': {
        const { replica } = this.post(target);
        const shiftMs = this.random.chance(0.5) ? A_MINUTE_MS : -A_MINUTE_MS;
        await replica.kill();
        await start(replica, { NODE_OPTIONS: `--import=${CLOCK_PRELOAD}`, CLOCK_SHIFT_MS: String(shiftMs) });
        await pause(forMs);
        await replica.kill();
        return start(replica);
      }
      case 'broker stopped': {
        const broker = this.node(target);
        await broker.stop();
        await pause(forMs);
        return broker.start();
      }
      case 'broker killed':
      case 'database killed': {
        const node = this.node(target);
        await node.kill();
        await pause(forMs);
        return node.start();
      }
      case 'broker with a full disk': {
        const broker = this.node(target);
        await broker.control?.(['set_disk_free_limit', '999999GB']);
        await pause(forMs);
        await broker.control?.(['set_disk_free_limit', '50MB']);
        return;
      }
      case 'database line cut':
      case 'broker line cut':
      case 'client line cut': {
        const line = this.lineOf(kind, target);
        if (forMs === 0) line.cut();
        else {
          await line.refuse();
          await pause(forMs);
          await line.restore();
        }
        return;
      }
      case 'database line delayed':
      case 'broker line delayed':
      case 'client line delayed': {
        const line = this.lineOf(kind, target);
        line.delay(DELAY_MS);
        await pause(forMs);
        line.delay(0);
        return;
      }
      case 'database line silent':
      case 'broker line silent': {
        // Half-open: what stood stays silent for good, and nobody is told.
        const line = this.lineOf(kind, target);
        line.pause();
        await pause(forMs);
        line.abandon();
        return;
      }
      case 'client line silent': {
        const line = this.lineOf(kind, target);
        line.pause();
        await pause(forMs);
        line.abandon();
        line.cut();
        return;
      }
      case 'database line without answers':
      case 'client line without answers': {
        const line = this.lineOf(kind, target);
        line.loseAnswers(true);
        await pause(forMs);
        line.cut();
        line.loseAnswers(false);
        return;
      }
      case 'database line losing packets':
      case 'broker line losing packets':
      case 'client line losing packets': {
        const mend = this.lineOf(kind, target).losePackets(this.random.chance(0.5) ? 1 : LOST_PART);
        await pause(forMs);
        mend();
        return;
      }
      case 'slow reader': {
        const observer = this.observers.find(({ who }) => who === target);
        observer?.stopReading();
        await pause(forMs);
        observer?.read();
        return;
      }
    }
  }

  private post(name: string): Post {
    const post = this.field.posts.find((one) => one.name === name);
    if (post === undefined) throw new Error(`There is no replica ${name}.`);
    return post;
  }

  private node(name: string): Node {
    const { databases, brokers } = this.field.servers;
    const node = [...databases, ...brokers].find((one) => one.name === name);
    if (node === undefined) throw new Error(`There is no ${name}.`);
    return node;
  }

  private lineOf(kind: Fault['kind'], target: string): Line {
    const post = this.post(replicaOf(target));
    const lines = { database: post.databaseLine, broker: post.brokerLine };
    const line = kind.startsWith('database')
      ? lines.database
      : kind.startsWith('broker')
        ? lines.broker
        : post.clientLine;
    return isOfOwnNode(target) ? line.toFirst : line;
  }
}

/** A replica that finds no database ends; then it is started again. */
async function start(replica: Replica, settings: Readonly<Record<string, string>> = {}): Promise<void> {
  const deadline = performance.now() + RESTART_LIMIT_MS;
  for (;;) {
    try {
      await replica.start(settings);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(500);
    }
  }
}
