import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { SendMessageRequestSchema } from '@energy-chat/contract/conversation_pb.js';
import { signedInClients, unary } from './demo-callers.mjs';

const SEND = '/energy.chat.v1.ConversationService/SendMessage';

/**
 * The demo's eight clients talk, each one message after the other, until `isOver`: what else goes on is to be seen in how
 * long a person waits. Answers the latencies in milliseconds, shortest first.
 */
export async function liveTalk(client) {
  const callers = await signedInClients(client);
  const send = ({ conversationId, metadata }) => {
    const message = { conversationId, requestId: randomUUID(), text: 'Why was my March so high?' };
    const request = toBinary(SendMessageRequestSchema, create(SendMessageRequestSchema, message));
    return unary(client, SEND, request, metadata);
  };
  return async (isOver) => {
    const latencies = [];
    let over = false;
    const ending = (async () => {
      while (!(await isOver())) await wait(100);
      over = true;
    })();
    const sending = callers.map(async (caller) => {
      while (!over) {
        const from = performance.now();
        await send(caller);
        latencies.push(performance.now() - from);
        // A person types: live sends are to be measured, not to fill the machine.
        await wait(20);
      }
    });
    await Promise.all([ending, ...sending]);
    return latencies.sort((one, two) => one - two);
  };
}

/** `talk` for so many seconds. */
export function talkFor(talk, seconds) {
  const until = performance.now() + seconds * 1_000;
  return talk(() => performance.now() > until);
}

export function inWords(latencies) {
  const at = (part) => latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))] ?? NaN;
  return `${at(0.5).toFixed(2)} ms median, ${at(0.99).toFixed(2)} ms p99 (${latencies.length} sends)`;
}
