import type { ElementRef } from '@angular/core';
import { Component, computed, DestroyRef, inject, output, signal, viewChild } from '@angular/core';
import { ChatError } from '@energy-chat/client';
import { CHAT_AUDIENCE } from '../connection/chat-audience.js';
import { ChatConnection } from '../connection/chat-connection.js';
import { Icon } from '../icon/icon.js';
import { Texts } from '../language/texts.js';

type Trouble = 'loginMissing' | 'passwordMissing' | 'wrong' | 'wrongPortal' | 'throttled' | 'unreachable' | 'other';

/** The way in, for both portals. What was wrong is said without telling which of the two it was. */
@Component({
  selector: 'chat-sign-in',
  imports: [Icon],
  templateUrl: './sign-in.html',
  styleUrls: ['../controls.css', './sign-in.css'],
})
export class SignIn {
  readonly signedIn = output();

  protected readonly texts = inject(Texts);
  private readonly connection = inject(ChatConnection);
  private readonly audience = inject(CHAT_AUDIENCE);
  private readonly login = viewChild.required<ElementRef<HTMLInputElement>>('login');
  private readonly password = viewChild.required<ElementRef<HTMLInputElement>>('password');

  protected readonly id = `chat-sign-in-${nextId++}`;
  protected readonly isBusy = signal(false);
  protected readonly showsPassword = signal(false);
  protected readonly trouble = signal<Trouble | undefined>(undefined);
  /** Until signing in is worth another try. */
  protected readonly secondsLeft = signal(0);
  protected readonly troubleText = computed(() => {
    const trouble = this.trouble();
    if (trouble === undefined) return '';
    if (trouble === 'throttled') return this.texts.sayCount('signIn.trouble.throttled', this.secondsLeft());
    if (trouble === 'wrongPortal') return this.texts.say(`signIn.trouble.wrongPortal.${this.audience}`);
    return this.texts.say(`signIn.trouble.${trouble}`);
  });
  private countdown: ReturnType<typeof setInterval> | undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => clearInterval(this.countdown));
  }

  /** Of the first field. */
  focus(): void {
    this.login().nativeElement.focus();
  }

  protected async signIn(): Promise<void> {
    if (this.isBusy() || this.secondsLeft() > 0) return;
    const login = this.login().nativeElement;
    const password = this.password().nativeElement;
    if (login.value.trim() === '') return this.refuse('loginMissing', login);
    if (password.value === '') return this.refuse('passwordMissing', password);
    this.isBusy.set(true);
    this.trouble.set(undefined);
    try {
      await this.connection.signIn(login.value.trim(), password.value);
      this.signedIn.emit();
    } catch (failure) {
      this.failed(ChatError.from(failure), password);
    } finally {
      this.isBusy.set(false);
    }
  }

  private failed({ reason, transient, retryAfterMs }: ChatError, password: HTMLInputElement): void {
    if (reason === 'INVALID_CREDENTIALS') {
      this.refuse('wrong', password);
      password.select();
    } else if (reason === 'WRONG_PORTAL') this.trouble.set('wrongPortal');
    else if (reason === 'THROTTLED') this.wait(Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000)));
    else this.trouble.set(transient ? 'unreachable' : 'other');
  }

  private refuse(trouble: Trouble, field: HTMLInputElement): void {
    this.trouble.set(trouble);
    field.focus();
  }

  private wait(seconds: number): void {
    this.trouble.set('throttled');
    this.secondsLeft.set(seconds);
    clearInterval(this.countdown);
    this.countdown = setInterval(() => {
      this.secondsLeft.update((left) => Math.max(0, left - 1));
      if (this.secondsLeft() > 0) return;
      clearInterval(this.countdown);
      this.trouble.set(undefined);
    }, 1_000);
  }
}

let nextId = 1;
