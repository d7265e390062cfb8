// Where the navigation is wider than the phone, the page one is on stands in the middle of it.
"use strict";
const strip = document.querySelector(".strip"), here = strip.querySelector("[aria-current]");
if (here) strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
