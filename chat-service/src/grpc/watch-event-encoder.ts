import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  ResetReason as ResetReasonMessage,
  SessionEndingReason,
  WatchResponseSchema,
} from '@energy-chat/contract/conversation_pb.js';
import type { Conversation } from '../conversation/conversation.js';
import type { Entry, Side } from '../conversation/entry.js';
import { EventEncoder, type ResetReason, type Signal } from '../live/event-encoder.port.js';
import { encodeWatchResponse } from './contract.js';
import { conversationMessage, entryMessage, sideMessage } from './domain-messages.js';

type Event = NonNullable<MessageInitShape<typeof WatchResponseSchema>['event']>;

const resetReasons: Readonly<Record<ResetReason, ResetReasonMessage>> = {
  'too-far-behind': ResetReasonMessage.TOO_FAR_BEHIND,
  'beyond-head': ResetReasonMessage.BEYOND_HEAD,
  'below-first': ResetReasonMessage.BELOW_FIRST,
  'other-epoch': ResetReasonMessage.OTHER_EPOCH,
};

/** Events as encoded WatchResponse messages. Counts how many it made. */
export class WatchEventEncoder extends EventEncoder {
  encoded = 0;

  override entry(side: Side, entry: Entry): Uint8Array {
    return this.encode({ case: 'entry', value: entryMessage(side, entry) });
  }

  override conversation(conversation: Conversation): Uint8Array {
    return this.encode({ case: 'conversation', value: conversationMessage(conversation) });
  }

  override signal(signal: Signal): Uint8Array {
    return this.encode(signalEvent(signal));
  }

  private encode(event: Event): Uint8Array {
    this.encoded += 1;
    return encodeWatchResponse(create(WatchResponseSchema, { event }));
  }
}

function signalEvent(signal: Signal): Event {
  switch (signal.kind) {
    case 'typing': {
      const { conversationId, personId, displayName } = signal;
      const remaining = durationFromMs(signal.remainingMs);
      const side = sideMessage(signal.side);
      return { case: 'typing', value: { conversationId, side, personId, displayName, remaining } };
    }
    case 'support-presence':
      return { case: 'presence', value: { subject: { case: 'support', value: { available: signal.available } } } };
    case 'client-presence': {
      const { conversationId, online } = signal;
      return { case: 'presence', value: { subject: { case: 'client', value: { conversationId, online } } } };
    }
    case 'caught-up':
      return { case: 'caughtUp', value: { epoch: signal.epoch } };
    case 'heartbeat':
      return { case: 'heartbeat', value: {} };
    case 'reset': {
      const { conversationId, epoch, afterSeq } = signal;
      return { case: 'reset', value: { conversationId, reason: resetReasons[signal.reason], epoch, afterSeq } };
    }
    case 'going-away':
      return { case: 'goingAway', value: { delay: durationFromMs(signal.delayMs) } };
    case 'session-ending':
      return {
        case: 'sessionEnding',
        value: {
          reason:
            signal.reason === 'token-expired' ? SessionEndingReason.TOKEN_EXPIRED : SessionEndingReason.SIGNED_OUT,
        },
      };
  }
}
