import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { MemoryService } from '../../src/testing/memory-service.js';
import { openConversation, preparePage, until } from '../testing/chat-page.js';
import { Composer } from './composer.js';

describe('the composer', () => {
  let service: MemoryService;
  let store: ConversationStore;
  let fixture: ComponentFixture<Composer>;
  let field: HTMLTextAreaElement;

  beforeEach(async () => {
    service = new MemoryService();
    store = await openConversation(preparePage(service));
    fixture = TestBed.createComponent(Composer);
    fixture.componentRef.setInput('store', store);
    document.body.append(fixture.nativeElement as HTMLElement);
    await fixture.whenStable();
    const found = (fixture.nativeElement as HTMLElement).querySelector('textarea');
    if (found === null) throw new Error('There is no field.');
    field = found;
  });

  function type(text: string): void {
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }

  function press(key: string, more: KeyboardEventInit = {}): KeyboardEvent {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
    field.dispatchEvent(event);
    return event;
  }

  const texts = (): readonly string[] => store.pending().map(({ text }) => text);
  const shown = (): string => (fixture.nativeElement as HTMLElement).textContent;

  it('sends with Enter, at once empties the field, and keeps the focus', async () => {
    type('Hello');
    expect(press('Enter').defaultPrevented).toBe(true);
    expect(texts()).toEqual(['Hello']);
    expect(field.value).toBe('');
    expect(store.draft()).toBe('');
    expect(document.activeElement).toBe(field);
    await until(() => store.entries().length === 1);
  });

  it('breaks the line with Shift+Enter', () => {
    type('Hello');
    expect(press('Enter', { shiftKey: true }).defaultPrevented).toBe(false);
    expect(texts()).toEqual([]);
  });

  it('leaves Enter to an input method, also where the browser tells of it late', () => {
    type('にほん');
    expect(press('Enter', { isComposing: true }).defaultPrevented).toBe(false);
    expect(press('Enter', { keyCode: 229 }).defaultPrevented).toBe(false);
    expect(texts()).toEqual([]);
  });

  it('sends nothing that is only white space', () => {
    type(' \n ');
    press('Enter');
    expect(texts()).toEqual([]);
  });

  it('counts from 80 % of what fits, and keeps a text that is too long', async () => {
    type('x'.repeat(3_199));
    await fixture.whenStable();
    expect(shown()).not.toContain('characters');
    type('x'.repeat(3_200));
    await fixture.whenStable();
    expect(shown()).toContain('800 characters left');
    type('x'.repeat(4_001));
    await fixture.whenStable();
    expect(shown()).toContain('1 character too many');
    press('Enter');
    expect(texts()).toEqual([]);
    expect(store.draft()).toHaveLength(4_001);
  });

  it('tells of typing, and of a text that was cleared', async () => {
    type('H');
    await until(() => service.typing.length === 1);
    type('');
    await until(() => service.typing.length === 2);
    expect(service.typing).toEqual([true, false]);
  });

  it('shows a draft that somebody else puts into it', async () => {
    store.draft.set('given back');
    await fixture.whenStable();
    expect(field.value).toBe('given back');
  });

  it('keeps the text, and says why, when too many messages wait already', async () => {
    service.hold('SendMessage');
    for (let number = 0; number < 200; number += 1) store.send(`text ${number}`);
    type('one more');
    press('Enter');
    await fixture.whenStable();
    expect(shown()).toContain('200 of your messages are waiting already');
    expect([field.value, store.draft(), texts().length]).toEqual(['one more', 'one more', 200]);
    type('one more thing');
    await fixture.whenStable();
    expect(shown()).not.toContain('waiting already');
  });

  it('keeps what is written while nothing can be sent, and says nothing of typing', async () => {
    fixture.componentRef.setInput('blocked', true);
    await fixture.whenStable();
    type('hello');
    press('Enter');
    expect([field.value, store.draft(), store.pending()]).toEqual(['hello', 'hello', []]);
    expect(service.typing).toEqual([]);
  });
});
