import { ChatError } from '@energy-chat/client';

/** What the service answers to a call that it must refuse. Fails when it does what was asked. */
export async function refusalOf(call: Promise<unknown>): Promise<ChatError> {
  try {
    await call;
  } catch (error) {
    return ChatError.from(error);
  }
  throw new Error('The service did what it should have refused.');
}
