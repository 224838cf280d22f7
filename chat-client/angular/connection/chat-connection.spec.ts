import { TestBed } from '@angular/core/testing';
import { Code } from '@connectrpc/connect';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryService, refusal } from '../../src/testing/memory-service.js';
import { preparePage, until } from '../testing/chat-page.js';
import type { ChatConnection } from './chat-connection.js';

describe('the connection of a page', () => {
  let service: MemoryService;
  let connection: ChatConnection;

  beforeEach(() => {
    service = new MemoryService();
    connection = preparePage(service);
  });

  it('calls nobody before somebody signs in', async () => {
    expect(await connection.resume()).toBe(false);
    expect(connection.status()).toBe('signed-out');
    expect(service.calls).toEqual([]);
  });

  it('tells who is signed in, and connects nothing until it shall', async () => {
    await connection.signIn('ana', 'right');
    expect(connection.me()?.displayName).toBe('Ana Pop');
    connection.watch.wake();
    expect(service.calls.map(({ method }) => method)).toEqual(['SignIn']);
    connection.goLive();
    await until(() => connection.status() === 'live');
  });

  it('connects nothing for who signs in next, and goes on for the same person', async () => {
    await connection.signIn('ana', 'right');
    connection.goLive();
    await until(() => connection.status() === 'live');
    for (const session of service.sessions) session.ended = true;
    service.stream.end();
    await connection.chat.setTyping('c1', true).catch(() => undefined);
    await until(() => connection.me() === undefined);
    await connection.signIn('ana', 'right');
    await until(() => connection.status() === 'live');
    await connection.signOut();
    await connection.signIn('maria', 'right');
    expect(connection.status()).toBe('stopped');
    const watches = service.callsOf('Watch').length;
    connection.watch.wake();
    expect(service.callsOf('Watch')).toHaveLength(watches);
  });

  it('counts what is not sent yet, and forgets it with who signs out', async () => {
    await connection.signIn('ana', 'right');
    service.hold('SendMessage');
    connection.outgoing.queue?.send('c1', 'not sent', {});
    expect(connection.unsent()).toBe(1);
    await connection.signOut();
    expect(connection.unsent()).toBe(0);
    await connection.signIn('ana', 'right');
    expect(connection.unsent()).toBe(0);
  });

  it('keeps what is not sent yet when signing out does not work', async () => {
    await connection.signIn('ana', 'right');
    service.hold('SendMessage');
    connection.outgoing.queue?.send('c1', 'not sent', {});
    service.fail('SignOut', refusal(Code.Internal, 'INTERNAL'));
    await expect(connection.signOut()).rejects.toMatchObject({ reason: 'INTERNAL' });
    expect(connection.unsent()).toBe(1);
  });

  it.each([
    ['the network is back', () => window.dispatchEvent(new Event('online'))],
    ['the network changes', () => window.dispatchEvent(new Event('offline'))],
    ['the page comes in front', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['the page is shown again', () => window.dispatchEvent(new Event('pageshow'))],
  ])('looks after stream and messages when %s', async (name, happen) => {
    await connection.signIn('ana', 'right');
    const isNetwork = name.includes('network');
    const told = [connection.watch, connection.outgoing].map((part) =>
      isNetwork ? vi.spyOn(part, 'networkChanged') : vi.spyOn(part, 'wake'),
    );
    happen();
    for (const each of told) expect(each).toHaveBeenCalledOnce();
  });

  it('is signed out after signing out, and a reload does not ask again', async () => {
    await connection.signIn('ana', 'right');
    connection.goLive();
    await connection.signOut();
    expect(connection.me()).toBeUndefined();
    await until(() => connection.status() === 'signed-out');
    const calls = service.calls.length;
    expect(await connection.resume()).toBe(false);
    expect(service.calls).toHaveLength(calls);
  });

  it('takes the session up by the cookie after a reload', async () => {
    await connection.signIn('ana', 'right');
    connection.watch.stop();
    connection.session.close();
    const trace = localStorage.getItem('energy-chat/client/signed-in');
    const cookie = service.cookie;
    TestBed.resetTestingModule();
    const reloaded = preparePage(service);
    localStorage.setItem('energy-chat/client/signed-in', trace ?? '');
    service.cookie = cookie;
    expect(await reloaded.resume()).toBe(true);
    expect(reloaded.me()?.id).toBe('7');
  });
});
