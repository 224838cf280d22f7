import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { create } from '@bufbuild/protobuf';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { CHAT_TRANSPORT } from '@energy-chat/client/angular/connection/chat-transport.js';
import { provideChat } from '@energy-chat/client/angular/connection/provide-chat.js';
import { provideLanguages } from '@energy-chat/client/angular/language/provide-languages.js';
import { ProgressSchema } from '@energy-chat/contract/conversation_pb.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundledTexts } from '../../chat-client/angular/testing/bundled-texts.js';
import { MemoryService } from '../../chat-client/src/testing/memory-service.js';
import { App } from './app.js';
import { MyConversation } from './chat/my-conversation.js';
import en from './i18n/en.json';
import ro from './i18n/ro.json';

describe('the client portal', () => {
  let service: MemoryService;
  let fixture: ComponentFixture<App>;
  let page: HTMLElement;
  let isPhone: boolean;

  beforeEach(async () => {
    isPhone = true;
    vi.stubGlobal('matchMedia', (query: string) => ({
      matches: query.includes('max-width') && isPhone,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }));
    localStorage.clear();
    sessionStorage.clear();
    localStorage.setItem('energy-chat/language', 'en');
    service = new MemoryService();
    service.cookie = '';
    TestBed.configureTestingModule({
      providers: [
        provideChat({ audience: 'client' }),
        provideLanguages(bundledTexts({ en, ro })),
        { provide: CHAT_TRANSPORT, useValue: service.transport() },
        MyConversation,
      ],
    });
    fixture = TestBed.createComponent(App);
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    await fixture.whenStable();
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const until = (isSo: () => boolean): Promise<unknown> => vi.waitUntil(isSo, { timeout: 5_000, interval: 5 });
  const find = (selector: string): HTMLElement | null => page.querySelector<HTMLElement>(selector);
  const chatButton = (): HTMLElement | null => find('portal-chat-button button');

  async function signIn(): Promise<void> {
    await TestBed.inject(ChatConnection).signIn('ana', 'right');
    await until(() => service.callsOf('GetMyConversation').length > 0 && find('.greeting') !== null);
    await fixture.whenStable();
  }

  async function openPanel(): Promise<void> {
    chatButton()?.click();
    await until(() => find('chat-composer') !== null && TestBed.inject(MyConversation).store()?.row() !== undefined);
    await fixture.whenStable();
  }

  it('shows the sign-in to who is not signed in, and calls nobody', () => {
    expect(find('chat-sign-in')).not.toBeNull();
    expect(chatButton()).toBeNull();
    expect(service.calls).toEqual([]);
  });

  it('greets by name, with the chat closed', async () => {
    await signIn();
    expect(find('.greeting')?.textContent).toContain('Ana Pop');
    expect(chatButton()?.getAttribute('aria-label')).toBe('Open the chat');
    expect(find('[role="dialog"]')).toBeNull();
  });

  it('asks for the number of unread messages at sign-in, and connects nothing before the chat is opened', async () => {
    service.changeRow('c1', { clientProgress: create(ProgressSchema, { unread: 2 }) });
    await signIn();
    await until(() => find('.badge')?.textContent === '2');
    expect(document.title).toBe('(2) My energy');
    document.dispatchEvent(new Event('visibilitychange'));
    const called = new Set(service.calls.map(({ method }) => method));
    expect(called).toEqual(new Set(['SignIn', 'SetLanguage', 'GetMyConversation']));
    await openPanel();
    expect(service.callsOf('Watch')).not.toEqual([]);
  });

  it('asks again when its person comes back after a while, and not at every glance', async () => {
    await signIn();
    service.changeRow('c1', { clientProgress: create(ProgressSchema, { unread: 1 }) });
    document.dispatchEvent(new Event('visibilitychange'));
    expect(service.callsOf('GetMyConversation')).toHaveLength(1);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => find('.badge')?.textContent === '1');
    expect(service.callsOf('Watch')).toEqual([]);
    vi.restoreAllMocks();
  });

  it('counts unread messages on the button and in the title of the tab once the chat was opened', async () => {
    await signIn();
    await openPanel();
    find('[aria-label="Close the chat"]')?.click();
    await until(() => find('[role="dialog"]') === null);
    service.changeRow('c1', { clientProgress: create(ProgressSchema, { unread: 2 }) });
    await until(() => chatButton()?.getAttribute('aria-label') === 'Open the chat, 2 unread messages');
    expect(find('.badge')?.textContent).toBe('2');
    expect(document.title).toBe('(2) My energy');
  });

  it('moves the focus into the chat, closes it with Escape, and gives the focus back', async () => {
    await signIn();
    await openPanel();
    await until(() => document.activeElement === find('textarea'));
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    await until(() => find('[role="dialog"]') === null);
    await until(() => document.activeElement === chatButton());
  });

  it('keeps the page behind out of reach while the chat fills the screen', async () => {
    await signIn();
    expect(find('.page')?.hasAttribute('inert')).toBe(false);
    await openPanel();
    expect(find('.page')?.hasAttribute('inert')).toBe(true);
    expect(find('[role="dialog"]')?.getAttribute('aria-modal')).toBe('true');
  });

  it('welcomes who has written nothing yet, and says whether somebody is there', async () => {
    await signIn();
    await openPanel();
    service.stream.send({ case: 'presence', value: { subject: { case: 'support', value: { available: true } } } });
    await until(() => find('.presence')?.textContent === 'We are here now');
    expect(find('.welcome')?.textContent).toContain('Hello, Ana Pop!');
    service.message('c1', 'first', service.admin);
    await until(() => find('.message') !== null);
    expect(find('.welcome')).toBeNull();
  });

  it('asks to sign in again when the session is over, and keeps chat and draft', async () => {
    await signIn();
    await openPanel();
    TestBed.inject(MyConversation).store()?.draft.set('half a thought');
    for (const session of service.sessions) session.ended = true;
    TestBed.inject(MyConversation).store()?.send('one more');
    await until(() => find('chat-sign-in') !== null);
    expect(find('chat-connection-notice')?.textContent).toContain('Your session is over');
    await signIn();
    await until(() => find('textarea') !== null);
    await fixture.whenStable();
    expect(page.querySelector('textarea')?.value).toBe('half a thought');
  });

  it('is closed for who signs in next', async () => {
    await signIn();
    await openPanel();
    await TestBed.inject(ChatConnection).signOut();
    await until(() => find('chat-sign-in') !== null);
    await signIn();
    expect(chatButton()?.getAttribute('aria-expanded')).toBe('false');
    expect(find('[role="dialog"]')).toBeNull();
  });

  it('asks before it forgets what is not sent, and leaves nothing when told to', async () => {
    const asked = vi.fn();
    HTMLDialogElement.prototype.showModal = asked;
    HTMLDialogElement.prototype.close = vi.fn();
    await signIn();
    await openPanel();
    const release = service.hold('SendMessage');
    TestBed.inject(MyConversation).store()?.send('not sent');
    find('[aria-label="Sign out"]')?.click();
    await until(() => asked.mock.calls.length === 1);
    expect(TestBed.inject(ChatConnection).me()).toBeDefined();
    find('chat-sign-out-question .button')?.click();
    await until(() => find('chat-sign-in') !== null);
    expect(TestBed.inject(MyConversation).store()).toBeUndefined();
    expect(document.title).toBe('My energy');
    release();
  });
});
