import { ref, watch } from 'vue'

import type { Priority } from './alarm'

const KEY = 'venue-twin.alarm-sound'

/** Whether new alarms are heard; off until somebody switches it on, and remembered. */
export const soundOn = ref(localStorage.getItem(KEY) === '1')

watch(soundOn, (on) => {
  localStorage.setItem(KEY, on ? '1' : '0')
})

/** Tones, Hz, rising for what is urgent (IEC 60601-1-8 gives alarms of more urgency more pulses). */
const TONES: Readonly<Record<Priority, readonly number[]>> = {
  critical: [660, 880, 660, 880, 660],
  high: [660, 880, 660],
  medium: [660, 660],
  low: [550],
}
const PULSE_S = 0.16

/** Sounds a new alarm where sound is on. Browsers stay silent until the page was clicked once. */
export function announce(priority: Priority): void {
  if (!soundOn.value) return
  const audio = new AudioContext()
  for (const [position, frequency] of TONES[priority].entries()) {
    const tone = audio.createOscillator()
    const gain = audio.createGain()
    const begin = audio.currentTime + position * PULSE_S * 1.5
    tone.frequency.value = frequency
    gain.gain.setValueAtTime(0.12, begin)
    gain.gain.exponentialRampToValueAtTime(0.001, begin + PULSE_S)
    tone.connect(gain).connect(audio.destination)
    tone.start(begin)
    tone.stop(begin + PULSE_S)
    tone.onended = position === TONES[priority].length - 1 ? () => void audio.close() : null
  }
}
