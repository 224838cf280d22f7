import { describe, expect, it } from '@jest/globals';
import type { Hint } from '../live/hints.port.js';
import { decodeHints, encodeHints } from './hint-codec.js';

const changed: Hint = { kind: 'changed', conversationId: 'conversation-1', version: 3, seq: 2 };

describe('hints on the wire', () => {
  it('come out as they went in', () => {
    const stopped: Hint = {
      kind: 'typing',
      conversationId: 'conversation-1',
      side: 'support',
      personId: 'admin-1',
      displayName: '',
      forMs: 0,
    };
    expect(decodeHints(encodeHints([changed, stopped]))).toEqual({ hints: [changed, stopped], malformed: 0 });
  });

  it.each([
    ['no JSON', '{"kind":'],
    ['no list', '{"kind":"presence","personId":"person-1"}'],
    ['an empty message', ''],
  ])('are dropped and counted when a message is %s', (_, content) => {
    expect(decodeHints(Buffer.from(content))).toEqual({ hints: [], malformed: 1 });
  });

  it('are dropped and counted one by one where a list holds some that are not well formed', () => {
    const list = [
      changed,
      { ...changed, kind: 'a kind of a newer replica' },
      { ...changed, seq: -1 },
      { ...changed, conversationId: 'x'.repeat(65) },
      null,
    ];
    expect(decodeHints(Buffer.from(JSON.stringify(list)))).toEqual({ hints: [changed], malformed: 4 });
  });

  it('carry nothing that is not named in the contract', () => {
    const withBody = JSON.stringify([{ ...changed, body: 'a message text' }]);
    expect(decodeHints(Buffer.from(withBody)).hints).toEqual([changed]);
  });
});
