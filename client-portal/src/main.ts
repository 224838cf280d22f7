import { bootstrapApplication } from '@angular/platform-browser';
import { provideChat } from '@energy-chat/client/angular/connection/provide-chat.js';
import { provideLanguages } from '@energy-chat/client/angular/language/provide-languages.js';
import { App } from './app.js';
import { MyConversation } from './chat/my-conversation.js';
import { loadTexts } from './i18n/load-texts.js';

bootstrapApplication(App, {
  providers: [provideChat({ audience: 'client' }), provideLanguages(loadTexts), MyConversation],
}).catch((failure: unknown) => console.error(failure));
