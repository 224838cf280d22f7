import { afterNextRender, Component, inject, viewChild } from '@angular/core';
import { ConnectionNotice } from '@energy-chat/client/angular/connection/connection-notice.js';
import { LanguageSwitch } from '@energy-chat/client/angular/language/language-switch.js';
import { SignIn } from '@energy-chat/client/angular/sign-in/sign-in.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { Brand } from '../home/brand.js';

/** The page of who is not signed in, or not any more. */
@Component({
  selector: 'portal-signed-out',
  imports: [Brand, ConnectionNotice, LanguageSwitch, SignIn],
  template: `
    <header>
      <portal-brand />
      <chat-language-switch />
    </header>
    <main>
      <h1>{{ texts.say('signedOut.title') }}</h1>
      <p>{{ texts.say('signedOut.hint') }}</p>
      <chat-connection-notice />
      <chat-sign-in />
    </main>
  `,
  styleUrl: './signed-out.css',
})
export class SignedOut {
  protected readonly texts = inject(Texts);
  private readonly form = viewChild.required(SignIn);

  constructor() {
    afterNextRender(() => this.form().focus());
  }
}
