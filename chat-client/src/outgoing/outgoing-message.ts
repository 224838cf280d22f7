import { Code } from '@connectrpc/connect';
import { CaseTopic } from '@energy-chat/contract/case_pb.js';

/** What the page showed of the case when its person pressed send. */
export interface ShownRevision {
  readonly caseId: string;
  readonly revision: number;
}

/** Why the service, or this device, refused a message; of it a ChatError is made. */
export interface Refusal {
  readonly code: Code;
  readonly reason: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** A message that its person has sent and the service has not answered, as the device keeps it. */
export interface OutgoingMessage {
  /** Of every try. */
  readonly requestId: string;
  /** Whose it is. */
  readonly personId: string;
  readonly conversationId: string;
  readonly text: string;
  readonly topic: CaseTopic | undefined;
  readonly seenCase: ShownRevision | undefined;
  /**
   * Milliseconds since 1970 by the device's clock, made to grow from message to message: they leave in this order, and
   * after seven days not at all.
   */
  readonly queuedAt: number;
  /** It stays, and is not sent until its person asks for it. */
  readonly refusal: Refusal | undefined;
}

export function inOrder(one: OutgoingMessage, other: OutgoingMessage): number {
  return one.queuedAt - other.queuedAt || (one.requestId < other.requestId ? -1 : 1);
}

/** Undefined for what is no message of this form: it was written by another version, or by somebody else. */
export function readMessage(kept: unknown): OutgoingMessage | undefined {
  if (!isRecord(kept)) return undefined;
  const { requestId, personId, conversationId, text, topic, queuedAt } = kept;
  if (typeof requestId !== 'string' || typeof personId !== 'string' || typeof conversationId !== 'string')
    return undefined;
  if (typeof text !== 'string' || typeof queuedAt !== 'number') return undefined;
  if (topic !== undefined && !isTopic(topic)) return undefined;
  const seenCase = kept['seenCase'] === undefined ? undefined : readShown(kept['seenCase']);
  const refusal = kept['refusal'] === undefined ? undefined : readRefusal(kept['refusal']);
  if (seenCase === 'unreadable' || refusal === 'unreadable') return undefined;
  return { requestId, personId, conversationId, text, topic, seenCase, queuedAt, refusal };
}

function readShown(kept: unknown): ShownRevision | 'unreadable' {
  if (!isRecord(kept)) return 'unreadable';
  const { caseId, revision } = kept;
  return typeof caseId === 'string' && typeof revision === 'number' ? { caseId, revision } : 'unreadable';
}

function readRefusal(kept: unknown): Refusal | 'unreadable' {
  if (!isRecord(kept)) return 'unreadable';
  const { code, reason, message, facts } = kept;
  if (!isCode(code) || typeof reason !== 'string' || typeof message !== 'string') return 'unreadable';
  if (!isRecord(facts)) return 'unreadable';
  const texts = Object.entries(facts).filter((fact): fact is [string, string] => typeof fact[1] === 'string');
  return { code, reason, message, facts: Object.fromEntries(texts) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isTopic(value: unknown): value is CaseTopic {
  return typeof value === 'number' && value in CaseTopic;
}

function isCode(value: unknown): value is Code {
  return typeof value === 'number' && value in Code;
}
