import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { Side } from '@energy-chat/contract/person_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ChatConnection } from '../connection/chat-connection.js';
import type { ConversationStore } from '../conversation/conversation-store.js';
import { MemoryService, refusal } from '../../src/testing/memory-service.js';
import { openConversation, preparePage, until } from '../testing/chat-page.js';
import { Thread } from './thread.js';

describe('the thread', () => {
  let service: MemoryService;
  let connection: ChatConnection;
  let store: ConversationStore;
  let fixture: ComponentFixture<Thread>;
  let page: HTMLElement;

  async function show(): Promise<void> {
    store = await openConversation(connection);
    fixture = TestBed.createComponent(Thread);
    fixture.componentRef.setInput('store', store);
    fixture.componentRef.setInput('side', 'client');
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    await fixture.whenStable();
  }

  beforeEach(() => {
    service = new MemoryService();
    connection = preparePage(service);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  const announced = (): string => page.querySelector('[aria-live="polite"]')?.textContent.trim() ?? '';
  const ticks = (): (string | undefined)[] =>
    [...page.querySelectorAll('.tick')].map((tick) => tick.textContent.trim());

  it('says in words how far each own message has come, and when the last one was read', async () => {
    service.message('c1', 'first');
    service.message('c1', 'second');
    await show();
    expect(ticks()).toEqual(['Sent', 'Sent']);
    service.changeRow('c1', { supportProgress: create(ProgressSchema, { deliveredSeq: 2, readSeq: 1 }) });
    await until(() => ticks()[1] === 'Delivered');
    expect(ticks()[0]).toMatch(/^Read \d\d:\d\d$/);
    expect(page.querySelectorAll('.read-line')).toHaveLength(1);
    expect(page.querySelector('.read-line')?.textContent).toMatch(/^Read \d\d:\d\d$/);
  });

  it('reads out what arrives, and not what was there', async () => {
    service.message('c1', 'old', service.admin);
    await show();
    expect(announced()).toBe('');
    service.message('c1', 'new', service.admin);
    await until(() => announced() !== '');
    expect(announced()).toBe('Maria Ionescu: new');
  });

  it('shows who types until their message lands', async () => {
    await show();
    service.stream.send({
      case: 'typing',
      value: {
        conversationId: 'c1',
        side: Side.SUPPORT,
        personId: '2',
        displayName: 'Maria Ionescu',
        remaining: { seconds: 5n },
      },
    });
    const typing = (): string => page.querySelector('.typing')?.textContent.trim() ?? '';
    await until(() => typing() === 'Maria Ionescu is typing…');
    service.message('c1', 'here it is', service.admin);
    await until(() => typing() === '');
  });

  it('divides what came while nobody looked, until its person answers', async () => {
    vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    service.message('c1', 'seen', service.admin);
    await show();
    expect(page.querySelector('.unread')).toBeNull();
    service.message('c1', 'missed', service.admin);
    await until(() => page.querySelector('.unread') !== null);
    expect(page.querySelector('.unread')?.nextElementSibling?.textContent).toContain('missed');
    store.send('answer');
    await until(() => page.querySelector('.unread') === null && store.entries().length === 3);
  });

  it('counts as read only what is looked at', async () => {
    const focus = vi.spyOn(document, 'hasFocus').mockReturnValue(false);
    service.message('c1', 'news', service.admin);
    await show();
    await until(() => service.progress.some(({ deliveredSeq }) => deliveredSeq === 1));
    expect(service.progress.map(({ readSeq }) => readSeq)).not.toContain(1);
    focus.mockReturnValue(true);
    window.dispatchEvent(new Event('focus'));
    await until(() => service.progress.some(({ readSeq }) => readSeq === 1));
  });

  it('offers to try again or to discard what was not sent', async () => {
    await show();
    service.fail('SendMessage', refusal(Code.FailedPrecondition, 'CASE_ASSIGNED', { facts: { assignee_name: 'Dan' } }));
    store.send('refused');
    await until(() => page.querySelector('.failure') !== null);
    expect(page.querySelector('.failure')?.textContent).toContain('this conversation is Dan’s');
    const [again] = page.querySelectorAll<HTMLButtonElement>('.failure button');
    again?.click();
    await until(() => store.entries().length === 1);
    await fixture.whenStable();
    expect(page.querySelector('.failure')).toBeNull();
  });

  it('keeps the element of a message that gets its place in the log', async () => {
    await show();
    const release = service.hold('SendMessage');
    store.send('mine');
    await until(() => page.querySelector('.message') !== null);
    const before = page.querySelector('.message');
    release();
    await until(() => ticks().join() === 'Sent');
    expect(page.querySelector('.message')).toBe(before);
  });
});
