import type { Locale } from '@/logic/format'

/** Reads instructions aloud with the device's own voice; does nothing where it has none. */
export class Speaker {
  constructor(private readonly synthesis: SpeechSynthesis | undefined = window.speechSynthesis) {}

  get isThere(): boolean {
    return this.synthesis !== undefined && typeof SpeechSynthesisUtterance === 'function'
  }

  /** Says `text`, breaking off what was being said. */
  say(text: string, locale: Locale): void {
    if (!this.synthesis || !this.isThere) return
    this.synthesis.cancel()
    const words = new SpeechSynthesisUtterance(text)
    words.lang = locale === 'en' ? 'en-US' : 'zh-CN'
    words.voice = this.synthesis.getVoices().find((voice) => voice.lang.replace('_', '-').startsWith(words.lang.slice(0, 2))) ?? null
    words.rate = 0.95
    this.synthesis.speak(words)
  }

  stop(): void {
    this.synthesis?.cancel()
  }
}
