import { InjectionToken } from '@angular/core';

/** Which portal this is. */
export type ChatAudience = 'client' | 'admin';

export const CHAT_AUDIENCE = new InjectionToken<ChatAudience>('ChatAudience');
