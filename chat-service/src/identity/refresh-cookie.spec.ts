import { describe, expect, it } from '@jest/globals';
import { RefreshCookie } from './refresh-cookie.js';

describe('RefreshCookie', () => {
  const plain = new RefreshCookie(false);

  it('is out of reach of scripts and of other sites', () => {
    expect(plain.set('client', 'a.b.c')).toBe(
      'chat_client_rt=a.b.c; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000',
    );
    expect(new RefreshCookie(true).set('admin', 'a.b.c')).toBe(
      'chat_admin_rt=a.b.c; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000; Secure',
    );
  });

  it('is cleared under the attributes it was set with', () => {
    expect(plain.clear('client')).toBe('chat_client_rt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0');
  });

  it("reads the portal's own cookie and no other", () => {
    const header = 'theme=dark; chat_admin_rt=theirs;  chat_client_rt=a.b.c';
    expect(plain.read('client', header)).toBe('a.b.c');
    expect(plain.read('admin', header)).toBe('theirs');
    expect(plain.read('client', 'xchat_client_rt=a; chat_client_rt=')).toBeUndefined();
    expect(plain.read('client', '')).toBeUndefined();
  });
});
