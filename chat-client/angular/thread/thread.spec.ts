import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { Severity, SystemMessageSchema } from '@energy-chat/contract/entry_pb.js';
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

  it('forgets what it has read out once that is taken away', async () => {
    await show();
    service.message('c1', 'my password', service.admin);
    await until(() => announced() === 'Maria Ionescu: my password');
    service.remove('c1', 1);
    await until(() => announced() === '');
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

  const line = (seq: number): Element | null => page.querySelector(`[data-seq="${seq}"]`);
  const button = (name: RegExp, within: ParentNode = page): HTMLButtonElement | undefined =>
    [...within.querySelectorAll('button')].find((each) =>
      name.test(each.getAttribute('aria-label') ?? each.textContent),
    );
  const field = (): HTMLTextAreaElement | null => page.querySelector('chat-message-editor textarea');
  async function type(text: string): Promise<void> {
    await until(() => field() !== null);
    const area = field();
    if (area === null) return;
    area.value = text;
    area.dispatchEvent(new Event('input'));
    await fixture.whenStable();
  }
  const press = (key: string, more: KeyboardEventInit = {}): void => {
    field()?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
  };
  async function write(text: string): Promise<void> {
    store.send(text);
    await until(() => store.entries().length > 0 && ticks().at(-1) === 'Sent');
    await fixture.whenStable();
  }

  it('edits one’s own message in its place: Enter saves, and the focus goes back', async () => {
    await show();
    await write('helo');
    button(/^Edit message: helo/)?.click();
    await until(() => document.activeElement === field());
    expect(field()?.value).toBe('helo');
    await type('hello');
    press('Enter', { isComposing: true });
    expect(service.callsOf('EditMessage')).toHaveLength(0);
    press('Enter');
    await until(() => line(1)?.querySelector('chat-message-text')?.textContent === 'hello');
    expect(line(1)?.textContent).toContain('edited');
    await until(() => document.activeElement?.getAttribute('aria-label') === 'Edit message: hello');
  });

  it('gives up an edit with Escape, and nothing around it hears of that key', async () => {
    await show();
    await write('stays');
    button(/^Edit/)?.click();
    await type('goes');
    const heard = vi.fn();
    document.addEventListener('keydown', heard);
    press('Escape');
    document.removeEventListener('keydown', heard);
    await until(() => field() === null);
    expect(line(1)?.querySelector('chat-message-text')?.textContent).toBe('stays');
    expect(heard).not.toHaveBeenCalled();
    await until(() => document.activeElement?.getAttribute('aria-label') === 'Edit message: stays');
  });

  it.each([
    ['TOO_LATE', '15 minutes only'],
    ['MESSAGE_GONE', 'was removed'],
    ['INTERNAL', 'Check your connection'],
  ])('keeps what was typed when the service refuses it: %s', async (reason, words) => {
    await show();
    await write('first');
    button(/^Edit/)?.click();
    await type('second');
    service.fail('EditMessage', refusal(Code.FailedPrecondition, reason));
    press('Enter');
    await until(() => page.querySelector('chat-message-editor [role=alert]')?.textContent.includes(words) === true);
    expect(field()?.value).toBe('second');
  });

  it('does not save what is empty or too long', async () => {
    await show();
    await write('first');
    button(/^Edit/)?.click();
    await type('  ');
    press('Enter');
    await type('x'.repeat(4_001));
    press('Enter');
    await fixture.whenStable();
    expect(page.querySelector('chat-message-editor')?.textContent).toContain('1 character too many');
    expect(service.callsOf('EditMessage')).toHaveLength(0);
  });

  it('removes one’s own message after a question, and focuses what stands in its place', async () => {
    HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
      this.open = true;
    };
    HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
      this.open = false;
    };
    await show();
    await write('gone');
    button(/^Remove message: gone/)?.click();
    expect(service.callsOf('RemoveMessage')).toHaveLength(0);
    await until(() => page.querySelector('dialog')?.open === true);
    button(/^\s*Remove\s*$/, page.querySelector('dialog') ?? page)?.click();
    await until(() => line(1)?.textContent.includes('Message removed') === true);
    await until(() => document.activeElement === line(1));
    expect(button(/^(Edit|Remove) message/)).toBeUndefined();
  });

  it('offers no change of what others wrote', async () => {
    await show();
    service.message('c1', 'theirs', service.admin);
    await until(() => line(1) !== null);
    await fixture.whenStable();
    expect(button(/^(Edit|Remove) message/)).toBeUndefined();
  });

  it('holds a bounded number of lines, and says nothing again of those that come back', async () => {
    for (let seq = 1; seq <= 800; seq += 1) service.message('c1', `text ${seq}`, service.admin);
    await show();
    await until(() => !store.loadingOlder());
    const said = announced();
    await store.showEntry(200);
    await until(() => line(200) !== null);
    expect(page.querySelectorAll('[data-seq]').length).toBeLessThanOrEqual(300);
    expect(line(800)).toBeNull();
    store.showNewest();
    await until(() => line(800) !== null);
    expect(announced()).toBe(said);
  });

  it('shows an entry on demand: it stands out and has the focus', async () => {
    for (let seq = 1; seq <= 400; seq += 1) service.message('c1', `text ${seq}`, service.admin);
    await show();
    await store.showEntry(100);
    await until(() => document.activeElement === line(100));
    expect(line(100)?.classList).toContain('highlighted');
    expect(store.wanted()).toBeUndefined();
  });

  it('shows what waits to be sent only after the newest entry, and leads there who writes', async () => {
    // In the middle of a long thread, from where no further page is loaded ahead.
    vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(500);
    vi.spyOn(Element.prototype, 'scrollHeight', 'get').mockReturnValue(10_000);
    vi.spyOn(Element.prototype, 'scrollTop', 'get').mockReturnValue(5_000);
    for (let seq = 1; seq <= 400; seq += 1) service.message('c1', `text ${seq}`, service.admin);
    await show();
    service.hold('SendMessage');
    const last = (): string => page.querySelector('.message:last-child')?.textContent ?? '';
    store.send('first of mine');
    await until(() => last().includes('first of mine'));
    await store.showEntry(100);
    await until(() => line(100) !== null);
    expect(page.textContent).not.toContain('first of mine');
    store.send('second of mine');
    await until(() => last().includes('second of mine'));
    expect(line(400)).not.toBeNull();
    expect(line(100)).toBeNull();
  });

  it('names who says a system message, how urgent it is, and where there is more', async () => {
    const source = { ...service.admin, id: 'system:outages', displayName: 'Outages' };
    service.append(
      'c1',
      {
        case: 'systemMessage',
        value: create(SystemMessageSchema, {
          text: 'No power',
          severity: Severity.CRITICAL,
          link: 'https://example.com/x',
        }),
      },
      source,
    );
    await show();
    expect(line(1)?.textContent).toMatch(/Urgent\s+Outages/);
    expect(line(1)?.querySelector('a')?.getAttribute('href')).toBe('https://example.com/x');
  });
});
