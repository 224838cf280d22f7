import { setTimeout as wait } from 'node:timers/promises';
import { connect, openWatch, signedInClients } from './demo-callers.mjs';
import { startDeployment } from './deployment.mjs';
import { cpuSeconds, residentBytes } from './process-figures.mjs';

const WATCHES = 2_000;
const CONNECTIONS = 20;
const IDLE_SECONDS = 30;

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
    for (const { call } of [...first, ...watches]) call.cancel();
  } finally {
    for (const connection of connections) connection.close();
    await deployment.stop();
  }
}
