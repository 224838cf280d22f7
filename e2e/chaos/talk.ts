import { setTimeout as pause } from 'node:timers/promises';
import type { ChattyClient } from './clients.js';
import type { Random } from './random.js';

/** One client's sends under way at once; what is due beyond it is caught up later. */
const MOST_IN_FLIGHT = 4;
const ANSWER_LIMIT_MS = 120_000;

/** So many sends, spread evenly over a time; what a fault held up is caught up as fast as the service takes it. */
export async function talk(
  clients: readonly ChattyClient[],
  plan: { readonly sends: number; readonly lengthMs: number },
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  const beganAt = performance.now();
  for (let sent = 0; sent < plan.sends;) {
    const share = Math.min(1, (performance.now() - beganAt) / plan.lengthMs);
    while (sent < Math.ceil(share * plan.sends)) {
      const client = random.pick(clients.filter(({ inFlight }) => inFlight < MOST_IN_FLIGHT));
      if (client === undefined) break;
      client.send();
      sent += 1;
    }
    await pause(5, undefined, { signal });
  }
}

/** Answers how many sends have no answer although there was time enough. */
export async function untilAnswered(clients: readonly ChattyClient[]): Promise<number> {
  const deadline = performance.now() + ANSWER_LIMIT_MS;
  for (;;) {
    const unanswered = clients.reduce((sum, { inFlight }) => sum + inFlight, 0);
    if (unanswered === 0 || performance.now() > deadline) return unanswered;
    await pause(50);
  }
}
