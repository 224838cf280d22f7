import { signal } from '@angular/core';
import type { WritableSignal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CHAT_AUDIENCE } from '../connection/chat-audience.js';
import { Drafts } from './drafts.js';

const KEY = 'energy-chat/client/draft/7/c1';

describe('drafts', () => {
  let drafts: Drafts;
  let stops: (() => void)[];

  beforeEach(() => {
    localStorage.clear();
    stops = [];
    TestBed.configureTestingModule({ providers: [{ provide: CHAT_AUDIENCE, useValue: 'client' }] });
    drafts = TestBed.inject(Drafts);
  });
  afterEach(() => {
    for (const stop of stops) stop();
    vi.restoreAllMocks();
  });

  function open(conversationId = 'c1', personId = '7'): WritableSignal<string> {
    const draft = signal('');
    stops.push(drafts.keep(personId, conversationId, draft));
    TestBed.tick();
    return draft;
  }

  function write(draft: WritableSignal<string>, text: string): void {
    draft.set(text);
    TestBed.tick();
  }

  /** What another tab has written; the browser tells this one later. */
  function writeElsewhere(text: string): () => void {
    const newValue = JSON.stringify({ text, writtenAt: Date.now() });
    localStorage.setItem(KEY, newValue);
    return () => {
      window.dispatchEvent(new StorageEvent('storage', { key: KEY, newValue }));
      TestBed.tick();
    };
  }

  it('outlive their tab, per person and conversation', () => {
    write(open(), 'half a thought');
    expect(open()()).toBe('half a thought');
    expect(open('c2')()).toBe('');
    expect(open('c1', '8')()).toBe('');
  });

  it('are gone when they were sent or cleared', () => {
    const draft = open();
    write(draft, 'half a thought');
    write(draft, '');
    expect(Object.keys(localStorage)).toEqual([]);
  });

  it('follow what is written in another tab, and never undo it', () => {
    const draft = open();
    const first = writeElsewhere('a');
    writeElsewhere('ab');
    first();
    expect(draft()).toBe('a');
    expect(localStorage.getItem(KEY)).toContain('"ab"');
  });

  it('of a tab that shows an older text do not replace a newer one', () => {
    open();
    writeElsewhere('newer');
    TestBed.tick();
    expect(open()()).toBe('newer');
  });

  it('are kept for at most 50 conversations; the oldest go first', () => {
    const now = vi.spyOn(Date, 'now');
    for (let number = 0; number < 52; number += 1) {
      now.mockReturnValue(1_000 + number);
      write(open(`c${number}`), `text ${number}`);
    }
    expect(localStorage).toHaveLength(50);
    expect([open('c1')(), open('c2')(), open('c51')()]).toEqual(['', 'text 2', 'text 51']);
  });

  it('are kept to their 20,000th character', () => {
    write(open(), 'x'.repeat(20_001));
    expect(open()()).toHaveLength(20_000);
  });

  it('of who signs out are forgotten, and only theirs', () => {
    write(open(), 'mine');
    write(open('c1', '8'), 'somebody else’s');
    drafts.forget('7');
    expect(Object.keys(localStorage)).toEqual(['energy-chat/client/draft/8/c1']);
  });

  it('that cannot be read count as none', () => {
    for (const text of ['null', '{', '{"text":7,"writtenAt":1}', '"half a thought"']) {
      localStorage.setItem(KEY, text);
      expect(open()()).toBe('');
    }
  });

  it('disturb nobody where nothing can be kept', () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const draft = open();
    write(draft, 'half a thought');
    expect(draft()).toBe('half a thought');
  });
});
