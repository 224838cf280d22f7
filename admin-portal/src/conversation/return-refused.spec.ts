import { signal } from '@angular/core';
import { Code } from '@connectrpc/connect';
import { ChatError } from '@energy-chat/client';
import type { PendingSend } from '@energy-chat/client';
import { describe, expect, it } from 'vitest';
import { returnRefused } from './return-refused.js';

const failed = (requestId: string, text: string, reason: string): PendingSend => ({
  requestId,
  text,
  topic: undefined,
  state: 'failed',
  isFromThisTab: true,
  error: new ChatError(Code.Aborted, reason, 'Refused.', { facts: { assignee_name: 'Ion' } }),
});

function composer(draft: string, ...sends: readonly PendingSend[]) {
  const pending = signal(sends);
  return {
    pending: pending.asReadonly(),
    draft: signal(draft),
    discard: (requestId: string) => pending.update((all) => all.filter((each) => each.requestId !== requestId)),
  };
}

describe('a message to a client whom a colleague has taken', () => {
  it('goes back into the composer, before what was written since', () => {
    const store = composer('and one more', failed('1', 'first', 'CASE_TAKEN'), failed('2', 'second', 'CASE_ASSIGNED'));
    expect(returnRefused(store)?.facts['assignee_name']).toBe('Ion');
    expect(store.draft()).toBe('first\nsecond\nand one more');
    expect(store.pending()).toEqual([]);
  });

  it('leaves no empty line when nothing was written since', () => {
    const store = composer('', failed('1', 'only', 'CASE_TAKEN'));
    returnRefused(store);
    expect(store.draft()).toBe('only');
  });

  it('stays where it is in other tabs, which share the draft', () => {
    const store = composer('draft', { ...failed('1', 'text', 'CASE_TAKEN'), isFromThisTab: false });
    expect(returnRefused(store)).toBeUndefined();
    expect(store.draft()).toBe('draft');
    expect(store.pending()).toHaveLength(1);
  });

  it('leaves messages alone that failed for another reason', () => {
    const store = composer('draft', failed('1', 'text', 'MESSAGE_TOO_LONG'));
    expect(returnRefused(store)).toBeUndefined();
    expect(store.draft()).toBe('draft');
    expect(store.pending()).toHaveLength(1);
  });
});
