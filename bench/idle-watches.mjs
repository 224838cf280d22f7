import { setTimeout as wait } from 'node:timers/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { WatchRequestSchema, WatchResponseSchema } from '@energy-chat/contract/conversation_pb.js';
import { connect, signedInClients } from './demo-callers.mjs';
import { startDeployment } from './deployment.mjs';
import { cpuSeconds, residentBytes } from './process-figures.mjs';

const WATCHES = 2_000;
const CONNECTIONS = 20;
const IDLE_SECONDS = 30;
const bytes = (value) => Buffer.from(value);

/** Resident memory per idle Watch, and what it costs to keep them alive. */
export async function idleWatches() {
  const deployment = await startDeployment();
  const connections = Array.from({ length: CONNECTIONS }, () => connect(deployment.address));
  try {
    const callers = await signedInClients(connections[0]);
    const open = (number) => openWatch(connections[number % CONNECTIONS], callers[number % callers.length]);
    // Code paths and connections are warm before anything is measured.
    const first = await Promise.all(Array.from({ length: 200 }, (_, number) => open(number)));
    await wait(2_000);
    const before = residentBytes(deployment.servicePid);
    const watches = await Promise.all(Array.from({ length: WATCHES }, (_, number) => open(number)));
    await wait(2_000);
    const after = residentBytes(deployment.servicePid);
    const cpu = cpuSeconds(deployment.servicePid);
    await wait(IDLE_SECONDS * 1_000);
    const idleCpu = (cpuSeconds(deployment.servicePid) - cpu) / IDLE_SECONDS;
    console.log(
      `${WATCHES} idle watches over ${CONNECTIONS} connections: ${((after - before) / WATCHES / 1024).toFixed(1)} KiB resident each; idle ${(idleCpu * 100).toFixed(1)} % of a core with heartbeats on`,
    );
    for (const watch of [...first, ...watches]) watch.cancel();
  } finally {
    for (const connection of connections) connection.close();
    await deployment.stop();
  }
}

/** Opens a Watch and waits until it has caught up. */
function openWatch(client, { conversationId, metadata }) {
  const request = create(WatchRequestSchema, { cursors: [{ conversationId, afterSeq: 0 }] });
  const call = client.makeServerStreamRequest(
    '/energy.chat.v1.ConversationService/Watch',
    bytes,
    bytes,
    toBinary(WatchRequestSchema, request),
    metadata,
  );
  return new Promise((resolve, reject) => {
    call.on('data', (message) => {
      if (fromBinary(WatchResponseSchema, message).event.case === 'caughtUp') resolve(call);
    });
    call.on('error', reject);
  });
}
