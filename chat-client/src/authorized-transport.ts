import { Code, type Transport } from '@connectrpc/connect';
import { ChatError } from './chat-error.js';
import { bearer, type AccessGrant, type Session } from './session.js';

type CallHeaders = Parameters<Transport['unary']>[3];

/**
 * The given transport with the session's access token on every call. A unary call that is refused as unauthenticated
 * is tried once more with a fresh token; a stream is not, because its owner resumes it.
 */
export function authorizedTransport(transport: Transport, session: Session): Transport {
  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const grant = await session.grant(signal);
      try {
        return await transport.unary(method, signal, timeoutMs, withToken(header, grant), input, contextValues);
      } catch (failure) {
        const error = ChatError.from(failure);
        if (error.code !== Code.Unauthenticated) throw error;
        await session.renew(grant, signal);
      }
      const renewed = await session.grant(signal);
      try {
        return await transport.unary(method, signal, timeoutMs, withToken(header, renewed), input, contextValues);
      } catch (failure) {
        const error = ChatError.from(failure);
        if (error.reason === 'SESSION_ENDED') session.endedByService(renewed, error.reason);
        throw error;
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const grant = await session.grant(signal);
      return await transport.stream(method, signal, timeoutMs, withToken(header, grant), input, contextValues);
    },
  };
}

function withToken(header: CallHeaders, grant: AccessGrant): Headers {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-argument -- Connect names HeadersInit, which is a DOM type
  const headers = new Headers(header);
  headers.set('authorization', bearer(grant).authorization);
  return headers;
}
