import { createPinia } from 'pinia'
import { createApp } from 'vue'

import App from './app/App.vue'
import { router } from './app/router'
import { announceLocale } from './i18n'
import './styles/tokens.css'
import './styles/base.css'
import './styles/element-plus.css'

announceLocale()
createApp(App).use(createPinia()).use(router).mount('#app')
