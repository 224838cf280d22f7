import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import {
  GetConversationRequestSchema,
  GetConversationResponseSchema,
  SendMessageRequestSchema,
} from '@energy-chat/contract/conversation_pb.js';
import { ROOT } from '../scripts/root.mjs';
import { connect, openWatch, signedInClients, signIn, unary } from './demo-callers.mjs';
import { startDeployment } from './deployment.mjs';
import { cpuSeconds, median } from './process-figures.mjs';

const ROUNDS = 5;
const ROUND_SECONDS = 3;
const IN_FLIGHT = [1, 8, 64];
const SEND = '/energy.chat.v1.ConversationService/SendMessage';

/** Keeps `inFlight` calls under way for `seconds`; answers calls a second and the median latency in milliseconds. */
async function load(inFlight, seconds, call) {
  const latencies = [];
  const end = performance.now() + seconds * 1_000;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async (_, sender) => {
      while (performance.now() < end) {
        const from = performance.now();
        await call(sender);
        latencies.push(performance.now() - from);
      }
    }),
  );
  return {
    rate: (latencies.length / (performance.now() - start)) * 1_000,
    latency: median(latencies),
    calls: latencies.length,
  };
}

/** Acknowledged sends a second at 1, 8 and 64 in flight, also while each is delivered to two, beside a raw grpc-js echo of the same bytes in the same run. */
export async function sends() {
  const deployment = await startDeployment();
  const echoServer = spawn(process.execPath, [join(ROOT, 'bench', 'echo-server.mjs')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = await once(echoServer.stdout, 'data');
    const echoClient = connect(`127.0.0.1:${String(port).trim()}`);
    const client = connect(deployment.address);
    const callers = await signedInClients(client);
    const request = (caller) =>
      toBinary(
        SendMessageRequestSchema,
        create(SendMessageRequestSchema, {
          conversationId: caller.conversationId,
          requestId: randomUUID(),
          text: 'Why was my March so high? The heating was off for two weeks.',
        }),
      );
    const send = (sender) => {
      const caller = callers[sender % callers.length];
      return unary(client, SEND, request(caller), caller.metadata);
    };
    const echoed = request(callers[0]);
    const echo = () => unary(echoClient, '/echo.Echo/Echo', echoed, callers[0].metadata);

    const { flush, pool, version } = deployment.settings;
    console.log(
      `Sends on ${version}, innodb_flush_log_at_trx_commit ${flush}, buffer pool ${pool / 2 ** 20} MiB; medians of ${ROUNDS} alternating rounds of ${ROUND_SECONDS} s`,
    );
    await load(8, 2, send);
    await load(8, 2, echo);
    const measure = async (inFlight, title) => {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const baseline = await load(inFlight, ROUND_SECONDS, echo);
        const before = await counters(deployment);
        const sent = await load(inFlight, ROUND_SECONDS, send);
        const after = await counters(deployment);
        rounds.push({
          sends: sent.rate,
          echo: baseline.rate,
          ratio: sent.rate / baseline.rate,
          latency: sent.latency,
          perCommit: (after.entries - before.entries) / (after.commits - before.commits),
          serviceCpu: ((after.serviceCpu - before.serviceCpu) / sent.calls) * 1_000,
          databaseCpu: ((after.databaseCpu - before.databaseCpu) / sent.calls) * 1_000,
          sent: sent.calls,
        });
      }
      const of = (name) => median(rounds.map((figures) => figures[name]));
      console.log(
        `${title}: ${of('sends').toFixed(0)} sends/s, ${of('latency').toFixed(2)} ms median; raw echo ${of('echo').toFixed(0)}/s; ratio ${of('ratio').toFixed(2)}; ${of('perCommit').toFixed(1)} entries a commit; CPU s per 1,000: service ${of('serviceCpu').toFixed(3)}, database ${of('databaseCpu').toFixed(3)}`,
      );
      return rounds.reduce((sum, { sent }) => sum + sent, 0);
    };
    for (const inFlight of IN_FLIGHT) await measure(inFlight, `${String(inFlight).padStart(3)} in flight`);

    // Each message to its client's page and to an administrator's: one encoding for each side.
    const metadata = await signIn(client, 'admin1', Audience.ADMIN);
    const readers = connect(deployment.address);
    const watches = [];
    for (const caller of callers) {
      const head = await headOf(client, caller);
      watches.push(await openWatch(readers, caller, head));
      watches.push(await openWatch(readers, { ...caller, metadata }, head));
    }
    const told = () => watches.reduce((sum, { entries }) => sum + entries, 0);
    const sent = await measure(64, ' 64 in flight, each delivered to two');
    for (let tries = 0; told() < 2 * sent && tries < 200; tries += 1) await wait(50);
    if (told() !== 2 * sent) throw new Error(`${told()} entries were delivered, not ${2 * sent}.`);
    for (const { call } of watches) call.cancel();
    readers.close();
    client.close();
    echoClient.close();
  } finally {
    echoServer.kill('SIGTERM');
    await deployment.stop();
  }
}

async function headOf(client, { conversationId, metadata }) {
  const request = toBinary(GetConversationRequestSchema, create(GetConversationRequestSchema, { conversationId }));
  const answer = await unary(client, '/energy.chat.v1.ConversationService/GetConversation', request, metadata);
  return fromBinary(GetConversationResponseSchema, answer).conversation?.lastSeq ?? 0;
}

async function counters(deployment) {
  return {
    entries: await deployment.figure('chat_commit_entries_sum'),
    commits: await deployment.figure('chat_commit_entries_count'),
    serviceCpu: cpuSeconds(deployment.servicePid),
    databaseCpu: cpuSeconds(deployment.databasePid),
  };
}
