import { describe, expect, it } from '@jest/globals';
import { Metadata } from '@grpc/grpc-js';
import { refreshCarrierOf } from './refresh-carrier.js';
import { RefreshCookie } from './refresh-cookie.js';

function carrierFor(headers: Record<string, string[]>) {
  const metadata = new Metadata();
  for (const [name, values] of Object.entries(headers)) for (const value of values) metadata.add(name, value);
  const sent: string[] = [];
  const carrier = refreshCarrierOf(metadata, (cookie) => sent.push(cookie), new RefreshCookie(false));
  return { carrier, sent };
}

describe('how a refresh token travels', () => {
  it('goes in the message alone where no edge named the portal', () => {
    const { carrier, sent } = carrierFor({ cookie: ['chat_client_rt=in-cookie'] });
    expect(carrier.portal).toBeUndefined();
    expect(carrier.presented('in-message')).toBe('in-message');
    expect(carrier.presented('')).toBeUndefined();
    expect(carrier.hand('next')).toBe('next');
    carrier.forget();
    expect(sent).toEqual([]);
  });

  it("goes as the portal's cookie alone where an edge named it", () => {
    const { carrier, sent } = carrierFor({
      'x-chat-audience': ['admin'],
      cookie: ['chat_client_rt=theirs', 'chat_admin_rt=ours'],
    });
    expect(carrier.portal).toBe('admin');
    expect(carrier.presented('in-message')).toBe('ours');
    expect(carrier.hand('next')).toBe('');
    carrier.forget();
    expect(sent).toEqual([
      'chat_admin_rt=next; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000',
      'chat_admin_rt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0',
    ]);
  });

  it.each([[['owner']], [['client', 'admin']], [['']]])('refuses an edge that names %j', (values) => {
    expect(() => carrierFor({ 'x-chat-audience': values })).toThrow(
      expect.objectContaining({ kind: 'invalid-argument', facts: { field: 'x-chat-audience' } }),
    );
  });
});
