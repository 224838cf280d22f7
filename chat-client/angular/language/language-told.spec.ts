import { TestBed } from '@angular/core/testing';
import { Code, ConnectError } from '@connectrpc/connect';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatConnection } from '../connection/chat-connection.js';
import { MemoryService } from '../../src/testing/memory-service.js';
import { preparePage, until } from '../testing/chat-page.js';
import { Languages } from './languages.js';

describe('the language of a person', () => {
  let service: MemoryService;
  let connection: ChatConnection;

  beforeEach(() => {
    service = new MemoryService();
    connection = preparePage(service);
  });

  const use = (language: 'en' | 'ro'): void => {
    TestBed.inject(Languages).use(language);
    TestBed.tick();
  };
  const told = (): number => service.callsOf('SetLanguage').length;
  const signIn = async (): Promise<void> => {
    await connection.signIn('ana', 'right');
    TestBed.tick();
  };

  it('is told after the sign-in, and again when they choose another', async () => {
    use('ro');
    expect(told()).toBe(0);
    await signIn();
    await until(() => service.client.language === 'ro');
    use('en');
    await until(() => service.client.language === 'en');
    use('ro');
    await until(() => service.client.language === 'ro');
    expect(told()).toBe(3);
  });

  it('is not told when the service knows it', async () => {
    service.client.language = 'ro';
    use('ro');
    await signIn();
    await until(() => service.callsOf('SignIn').length === 1);
    expect(told()).toBe(0);
  });

  it('is told in the end, and as it was chosen last', async () => {
    service.fail('SetLanguage', new ConnectError('away', Code.Unavailable), 2);
    use('ro');
    await signIn();
    use('en');
    await until(() => service.client.language === 'en');
  });

  it('comes with them to a device where nobody has chosen one', async () => {
    localStorage.removeItem('energy-chat/language');
    service.client.language = 'ro-MD';
    await signIn();
    await until(() => TestBed.inject(Languages).current() === 'ro');
    TestBed.tick();
    expect(told()).toBe(0);
    expect(localStorage.getItem('energy-chat/language')).toBeNull();
  });
});
