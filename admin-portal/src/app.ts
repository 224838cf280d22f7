import { NgTemplateOutlet } from '@angular/common';
import { afterRenderEffect, Component, computed, DOCUMENT, inject, signal, viewChild } from '@angular/core';
import { ChatConnection } from '@energy-chat/client/angular/connection/chat-connection.js';
import { ConnectionNotice } from '@energy-chat/client/angular/connection/connection-notice.js';
import { LanguageSwitch } from '@energy-chat/client/angular/language/language-switch.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { SignIn } from '@energy-chat/client/angular/sign-in/sign-in.js';
import { Desk } from './desk/desk.js';

/** Who is not signed in signs in; who is, works at the desk, which is loaded meanwhile. */
@Component({
  selector: 'admin-root',
  imports: [ConnectionNotice, Desk, LanguageSwitch, NgTemplateOutlet, SignIn],
  templateUrl: './app.html',
  styleUrl: './app.css',
})
export class App {
  protected readonly texts = inject(Texts);
  private readonly connection = inject(ChatConnection);
  private readonly document = inject(DOCUMENT);
  private readonly form = viewChild(SignIn);

  /** Whether the cookie holds a session is not known yet. */
  protected readonly isResuming = signal(true);
  /** One or none: a person who follows another gets a desk of their own. */
  protected readonly people = computed(() => {
    const me = this.connection.me();
    return me === undefined ? [] : [me.id];
  });

  constructor() {
    void this.connection.resume().finally(() => this.isResuming.set(false));
    afterRenderEffect(() => this.form()?.focus());
  }

  /** A new version may have replaced the files of this one. */
  protected loadAgain(): void {
    this.document.location.reload();
  }
}
