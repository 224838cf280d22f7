import { bootstrapApplication } from '@angular/platform-browser';
import { provideChat } from '@energy-chat/client/angular/connection/provide-chat.js';
import { provideLanguages } from '@energy-chat/client/angular/language/provide-languages.js';
import { App } from './app.js';
import { MyConversation } from './chat/my-conversation.js';
import en from './i18n/en.json';
import ro from './i18n/ro.json';

bootstrapApplication(App, {
  providers: [provideChat({ audience: 'client' }), provideLanguages({ en, ro }), MyConversation],
}).catch((failure: unknown) => console.error(failure));
