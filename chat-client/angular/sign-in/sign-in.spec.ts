import { TestBed } from '@angular/core/testing';
import type { ComponentFixture } from '@angular/core/testing';
import { Code, ConnectError } from '@connectrpc/connect';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryService, refusal } from '../../src/testing/memory-service.js';
import { preparePage, until } from '../testing/chat-page.js';
import { SignIn } from './sign-in.js';

describe('the sign-in form', () => {
  let service: MemoryService;
  let fixture: ComponentFixture<SignIn>;
  let page: HTMLElement;
  let signedIn: number;

  beforeEach(async () => {
    service = new MemoryService();
    preparePage(service);
    fixture = TestBed.createComponent(SignIn);
    page = fixture.nativeElement as HTMLElement;
    document.body.append(page);
    signedIn = 0;
    fixture.componentInstance.signedIn.subscribe(() => (signedIn += 1));
    await fixture.whenStable();
  });

  async function submit(login: string, password: string): Promise<void> {
    const [loginField, passwordField] = page.querySelectorAll('input');
    if (loginField === undefined || passwordField === undefined) throw new Error('A field is missing.');
    loginField.value = login;
    passwordField.value = password;
    page.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }));
    await fixture.whenStable();
  }

  const alert = (): string => page.querySelector('[role="alert"]')?.textContent.trim() ?? '';

  it('signs in, and says so once', async () => {
    await submit(' ana ', 'right');
    await until(() => signedIn === 1);
    expect(alert()).toBe('');
  });

  it('asks for what is missing without calling anybody', async () => {
    await submit('', 'right');
    expect(alert()).toBe('Enter your login.');
    await submit('ana', '');
    expect(alert()).toBe('Enter your password.');
    expect(service.calls).toEqual([]);
  });

  it.each([
    [refusal(Code.Unauthenticated, 'INVALID_CREDENTIALS'), 'The login or the password is not right.'],
    [refusal(Code.PermissionDenied, 'WRONG_PORTAL'), 'This portal is for clients.'],
    [new ConnectError('away', Code.Unavailable), 'The service cannot be reached.'],
    [refusal(Code.Internal, 'BROKEN'), 'Signing in did not work.'],
  ])('says in words what went wrong: %s', async (error, words) => {
    service.fail('SignIn', error);
    await submit('ana', 'right');
    await until(() => alert() !== '');
    expect(alert()).toContain(words);
    expect(signedIn).toBe(0);
  });

  it('says how long to wait, and does not try before', async () => {
    service.fail('SignIn', refusal(Code.ResourceExhausted, 'THROTTLED', { retryMs: 9_400 }));
    await submit('ana', 'right');
    await until(() => alert().includes('10 seconds'));
    await submit('ana', 'right');
    expect(service.callsOf('SignIn')).toHaveLength(1);
  });
});
