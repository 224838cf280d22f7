import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryService } from '../../src/testing/memory-service.js';
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

  it('tells who is signed in, and watches', async () => {
    await connection.signIn('ana', 'right');
    expect(connection.me()?.displayName).toBe('Ana Pop');
    await until(() => connection.status() === 'live');
  });

  it('is signed out after signing out, and a reload does not ask again', async () => {
    await connection.signIn('ana', 'right');
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
