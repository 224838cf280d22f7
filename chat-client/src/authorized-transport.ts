import { Code, createContextKey, type ContextValues, type Transport } from '@connectrpc/connect';
import { ChatError } from './chat-error.js';
import { bearer, type AccessGrant, type Session } from './session.js';

/**
 * Whose call it is: it goes out as that person or not at all, also when somebody else signs in between two tries.
 * Undefined: whoever is signed in.
 */
export const callerId = createContextKey<string | undefined>(undefined, { description: 'id of the calling person' });

type CallHeaders = Parameters<Transport['unary']>[3];

/**
 * The given transport with the session's access token on every call. A unary call that is refused as unauthenticated
 * is tried once more with a fresh token; a stream is not, because its owner resumes it.
 */
export function authorizedTransport(transport: Transport, session: Session): Transport {
  const grantFor = async (signal: AbortSignal | undefined, values: ContextValues | undefined): Promise<AccessGrant> => {
    const grant = await session.grant(signal);
    const caller = values?.get(callerId);
    if (caller === undefined || caller === grant.personId) return grant;
    throw new ChatError(Code.Unauthenticated, 'OTHER_PERSON', 'Somebody else has signed in.');
  };

  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      const grant = await grantFor(signal, contextValues);
      try {
        return await transport.unary(method, signal, timeoutMs, withToken(header, grant), input, contextValues);
      } catch (failure) {
        const error = ChatError.from(failure);
        if (error.code !== Code.Unauthenticated) throw error;
        await session.renew(grant, signal);
      }
      const renewed = await grantFor(signal, contextValues);
      try {
        return await transport.unary(method, signal, timeoutMs, withToken(header, renewed), input, contextValues);
      } catch (failure) {
        const error = ChatError.from(failure);
        if (error.reason === 'SESSION_ENDED') session.endedByService(renewed, error.reason);
        throw error;
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const grant = await grantFor(signal, contextValues);
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
