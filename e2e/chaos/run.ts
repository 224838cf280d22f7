import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HEARTBEAT_SECONDS } from '../support/deployment.js';
import { whyNoPacketLoss } from '../../scripts/services/packet-loss.mjs';
import { Undo } from '../support/undo.js';
import { Administrator } from './administrator.js';
import { Announcements } from './announcements.js';
import { checkFile, type Verdict } from './checker/check.js';
import { type ChattyClient, PageClient, RawClient } from './clients.js';
import { Desk } from './desk.js';
import { Faults } from './faults.js';
import { Field } from './field.js';
import { writeHoldings, writeLog, writeNodes, writeSnapshots, writeTroubles } from './final.js';
import { Observer } from './observer.js';
import { Participant, rotated } from './participant.js';
import { makePeople } from './people.js';
import { Random } from './random.js';
import { Recorder } from './recorder.js';
import { scheduleOf } from './schedule.js';
import type { Node } from './servers.js';
import { settle, type Watched } from './settling.js';
import { talk, untilAnswered } from './talk.js';

export interface ChaosPlan {
  readonly seed: number;
  /** How long things are broken. */
  readonly minutes: number;
  /** Of clients, spread over that time; administrators answer on top. */
  readonly sends: number;
  /** 2 to 5 */
  readonly replicas: number;
  /** Whether the database and the broker are three nodes each, and each replica at nodes of its own. */
  readonly isCluster: boolean;
  /** Gets the history and the replicas' logs. */
  readonly folder: string;
  readonly say: (text: string) => void;
}

const CLIENTS = 32;
/** Of the clients, those who use the SDK's page. */
const PAGES = 6;
const ADMINS = 4;
/** Everything heals within one heartbeat: ten, for a busy machine. */
const HEALED_MS = 10_000 * HEARTBEAT_SECONDS;
/** Case changes, for so many sends one round. */
const SENDS_A_ROUND = 12;

/** One run: breaks what the schedule says under load, waits until all is quiet, and judges what was seen. */
export async function chaos(plan: ChaosPlan): Promise<Verdict> {
  const recorder = new Recorder(plan.folder);
  const undo = new Undo();
  undo.later(() => recorder.close());
  try {
    await runOn(plan, recorder, undo);
  } finally {
    await undo.all();
  }
  return checkFile(recorder.file);
}

async function runOn(plan: ChaosPlan, recorder: Recorder, undo: Undo): Promise<void> {
  const { seed, minutes, sends, replicas, isCluster, say } = plan;
  let announcements: Announcements | undefined;
  const field = await Field.prepare(plan, async ({ brokers }) => {
    announcements = new Announcements(
      brokers.map(({ url }) => url),
      recorder,
    );
    await announcements.listen();
  });
  undo.later(() => field.close());
  if (announcements === undefined) throw new Error('Nobody listens to announcements.');
  const heard = announcements;
  undo.later(() => heard.close());
  const { databases, brokers, sources } = field.servers;
  say(`${sources}, ${replicas} replicas`);
  const noPacketLoss = await whyNoPacketLoss();
  if (noPacketLoss !== undefined) say(`No packets are dropped, lines fall silent instead: ${noPacketLoss}`);

  const people = await makePeople(field.deployment.platform, CLIENTS, ADMINS);
  const { places } = field;
  const enter = async (who: string, index: number, identity: (typeof people.clients)[number]) => {
    const participant = new Participant(who, identity, rotated(places, index), recorder);
    undo.later(async () => participant.close());
    await participant.signIn();
    return participant;
  };
  const random = new Random(seed);
  const clients: ChattyClient[] = [];
  for (const [index, identity] of people.clients.entries()) {
    const participant = await enter(`client${index + 1}`, index, identity);
    const own = new Random(seed + 1_000 + index);
    const client = await (index < PAGES ? PageClient.begin(participant) : RawClient.begin(participant, own));
    undo.later(async () => client.close());
    clients.push(client);
  }
  const conversations = clients.map(({ conversationId }) => conversationId);
  const administrators: Administrator[] = [];
  const observers: Observer[] = [];
  for (const [index, identity] of people.admins.entries()) {
    administrators.push(new Administrator(await enter(`admin${index + 1}`, index, identity)));
    const observed = conversations.filter((_, place) => place % people.admins.length === index);
    const observer = new Observer(await enter(`observer${index + 1}`, index + 1, identity), observed);
    undo.later(async () => observer.close());
    observers.push(observer);
  }
  const [somebody] = people.admins;
  if (somebody === undefined) throw new Error('There is no administrator.');
  const auditor = new Participant('auditor', somebody, places, recorder);
  undo.later(async () => auditor.close());
  await auditor.signIn();

  recorder.begin();
  recorder.write({ kind: 'run', seed, minutes, sends, replicas, isCluster });
  const lengthMs = minutes * 60_000;
  const schedule = scheduleOf(random, lengthMs, {
    replicas: places.map(({ name }) => name),
    readers: observers.map(({ who }) => who),
    databases: databases.map(({ name }) => name),
    brokers: brokers.map(({ name }) => name),
    brokerHasControl: brokers.every(({ control }) => control !== undefined),
    packetsCanBeLost: noPacketLoss === undefined,
  });
  const desk = new Desk(administrators, new Random(seed + 1), Math.max(2, sends / SENDS_A_ROUND / (minutes * 60)));
  desk.open();
  const control = new AbortController();
  const faults = new Faults(field, observers, recorder, new Random(seed + 2), say);
  try {
    await Promise.all([
      faults.carryOut(schedule, control.signal),
      talk(clients, { sends, lengthMs }, new Random(seed + 3), control.signal),
    ]);
  } finally {
    control.abort();
  }
  say('everything is mended; waiting for the last answers');
  await untilAnswered(clients);
  await desk.close();
  const holders = [...clients, ...observers];
  const watched = { deployment: field.deployment, holders, administrators, announcements: heard };
  for (const wrong of await settle(watched)) say(`still not right: ${wrong}`);
  const quiet = { ...watched, announcements: undefined };
  const unanswered = await talkWithoutBroker(brokers, clients, quiet, recorder, say);
  for (const wrong of await settle(watched)) say(`still not right: ${wrong}`);

  await writeLog(field.deployment, recorder);
  await writeNodes(databases, field.deployment.schema, recorder);
  await writeSnapshots(auditor, places, conversations, recorder);
  await writeHoldings(holders, administrators, recorder);
  writeTroubles(field.deployment, recorder);
  const [left] = await field.deployment.query('SELECT COUNT(*) AS count FROM outbox');
  recorder.write({ kind: 'left', outbox: Number(left?.count), unanswered });
  // How participants leave is no part of it.
  await recorder.close();
  for (const { name, log } of field.deployment.replicas) writeFileSync(join(plan.folder, `${name}.log`), log);
}

/**
 * While no hint can be heard, one more send of each, and all must be right by the heartbeat alone. Answers how many sends
 * of the whole run have no answer.
 */
async function talkWithoutBroker(
  brokers: readonly Node[],
  clients: readonly ChattyClient[],
  watched: Watched,
  recorder: Recorder,
  say: ChaosPlan['say'],
): Promise<number> {
  const fault = { kind: 'fault', number: 0, fault: 'broker stopped', target: 'broker' } as const;
  say('without the broker');
  recorder.write({ ...fault, phase: 'begins' });
  await Promise.all(brokers.map((broker) => broker.stop()));
  for (const client of clients) client.send();
  const unanswered = await untilAnswered(clients);
  for (const text of await settle(watched, HEALED_MS)) recorder.write({ kind: 'not healed', text });
  // All at once: a node of a cluster waits for those that went after it.
  await Promise.all(brokers.map((broker) => broker.start()));
  recorder.write({ ...fault, phase: 'is over' });
  return unanswered;
}
