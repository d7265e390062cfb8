// SPDX-License-Identifier: GPL-2.0
/*
 * wires: the header of a Raspberry Pi 4 as a GPIO chip, and what is soldered to it.
 *
 * 58 lines, and two more conductors: SUPPLY and GROUND. Switches join conductors to nets, so a contact is
 * a switch to ground and a key a switch between a row and a column. A net that anything drives low is low;
 * else one that anything drives high, or pulls up, is high; else it is low.
 *
 * /sys/kernel/debug/wires/
 *   switch  write "5 12 1" to close the switch between 5 and 12, "5 12 0" to open it
 *   log     each change of a level: nanoseconds of CLOCK_MONOTONIC, line, level; writing empties it
 *   shorts  how often two drivers worked against each other
 *
 * What the watched lines do is also said on a port, which the host keeps through any end of the guest.
 * A kernel in panic says "panic" and the time there, five times a second, for as long as it has its pins.
 */
#include <linux/debugfs.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define LINES 58
#define SUPPLY 62
#define GROUND 63
#define CONDUCTORS 64
#define KEPT 16384
#define REVISION 0xc03112 /* a Pi 4B */

static bool persist = true; /* as Raspberry Pi kernels without strict_gpiod: a dead owner's output stays */
module_param(persist, bool, 0644);
static ulong watch = BIT(17);
module_param(watch, ulong, 0644);
static uint witness = 0xe9; /* the port: of a PC's debug console, or of a serial line that nobody uses */
module_param(witness, uint, 0444);
static uint grounded[8]; /* lines that are joined to ground from the first, as the contact of a shut door */
static uint grounds;
module_param_array(grounded, uint, &grounds, 0444);

static DEFINE_MUTEX(lock);
static u64 outputs, latches, pulls, levels, joined[CONDUCTORS];
static u8 edges[LINES];
static struct { u64 at; u8 line, level; } *kept;
static u32 count, shorts;
static struct gpio_chip chip;
static struct platform_device *device;
static struct dentry *folder;
static struct proc_dir_entry *tree;

static void say(const char *text)
{
	while (*text)
		outb(*text++, witness);
}

static long blink(int state)
{
	char text[32];

	snprintf(text, sizeof(text), "panic %llu\n", ktime_get_ns());
	say(text);
	return 0;
}

static u64 net_of(unsigned int conductor)
{
	u64 net = BIT_ULL(conductor), rest = net;

	while (rest) {
		unsigned int next = __ffs64(rest);

		rest = (rest & (rest - 1)) | (joined[next] & ~net);
		net |= joined[next];
	}
	return net;
}

static u64 settled(void)
{
	u64 done = 0, high = 0;
	unsigned int i;

	for (i = 0; i < LINES; i++) {
		u64 net, down, up;

		if (done & BIT_ULL(i))
			continue;
		net = net_of(i);
		done |= net;
		down = net & ((outputs & ~latches) | BIT_ULL(GROUND));
		up = net & ((outputs & latches) | BIT_ULL(SUPPLY));
		shorts += down && up;
		if (!down && (up || (net & pulls & ~outputs)))
			high |= net;
	}
	return high;
}

static void keep(u64 at, unsigned int line, bool level)
{
	char text[48];

	kept[count % KEPT].at = at;
	kept[count % KEPT].line = line;
	kept[count++ % KEPT].level = level;
	if (watch & BIT_ULL(line)) {
		snprintf(text, sizeof(text), "%llu %u %u\n", at, line, level);
		say(text);
	}
}

/* Takes the lock held and gives it back: edges are delivered without it. */
static void settle(void)
{
	u64 now = settled(), changed = (now ^ levels) & (BIT_ULL(LINES) - 1), at = ktime_get_ns(), due = 0;

	levels = now;
	while (changed) {
		unsigned int line = __ffs64(changed);
		bool level = now & BIT_ULL(line);

		changed &= changed - 1;
		keep(at, line, level);
		if (!(outputs & BIT_ULL(line)) && (edges[line] & (level ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING)))
			due |= BIT_ULL(line);
	}
	mutex_unlock(&lock);
	for (; due; due &= due - 1) {
		int irq = irq_find_mapping(chip.irq.domain, __ffs64(due));

		if (irq)
			handle_nested_irq(irq);
	}
}

static u64 with(u64 mask, unsigned int bit, bool on)
{
	return on ? mask | BIT_ULL(bit) : mask & ~BIT_ULL(bit);
}

static void join(unsigned int a, unsigned int b, bool on)
{
	joined[a] = with(joined[a], b, on);
	joined[b] = with(joined[b], a, on);
}

static int wires_get(struct gpio_chip *c, unsigned int line)
{
	return !!(READ_ONCE(levels) & BIT_ULL(line));
}

static void wires_set(struct gpio_chip *c, unsigned int line, int value)
{
	mutex_lock(&lock);
	latches = with(latches, line, value);
	settle();
}

static int wires_output(struct gpio_chip *c, unsigned int line, int value)
{
	mutex_lock(&lock);
	latches = with(latches, line, value);
	outputs = with(outputs, line, true);
	settle();
	return 0;
}

static int wires_input(struct gpio_chip *c, unsigned int line)
{
	mutex_lock(&lock);
	outputs = with(outputs, line, false);
	settle();
	return 0;
}

static int wires_direction(struct gpio_chip *c, unsigned int line)
{
	return outputs & BIT_ULL(line) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int wires_config(struct gpio_chip *c, unsigned int line, unsigned long config)
{
	unsigned int bias = pinconf_to_config_param(config);

	if (bias != PIN_CONFIG_BIAS_DISABLE && bias != PIN_CONFIG_BIAS_PULL_UP && bias != PIN_CONFIG_BIAS_PULL_DOWN)
		return -ENOTSUPP;
	mutex_lock(&lock);
	pulls = with(pulls, line, bias == PIN_CONFIG_BIAS_PULL_UP);
	settle();
	return 0;
}

static void wires_free(struct gpio_chip *c, unsigned int line)
{
	if (!persist)
		wires_input(c, line);
}

static void wires_mask(struct irq_data *d)
{
	gpiochip_disable_irq(&chip, irqd_to_hwirq(d));
}

static void wires_unmask(struct irq_data *d)
{
	gpiochip_enable_irq(&chip, irqd_to_hwirq(d));
}

static int wires_edges(struct irq_data *d, unsigned int type)
{
	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	edges[irqd_to_hwirq(d)] = type;
	return 0;
}

static const struct irq_chip irqs = {
	.name = "wires",
	.irq_mask = wires_mask,
	.irq_unmask = wires_unmask,
	.irq_set_type = wires_edges,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static ssize_t switch_write(struct file *f, const char __user *from, size_t size, loff_t *at)
{
	unsigned int a, b, on;
	char text[32];

	if (size >= sizeof(text) || copy_from_user(text, from, size))
		return -EINVAL;
	text[size] = 0;
	if (sscanf(text, "%u %u %u", &a, &b, &on) != 3 || a >= CONDUCTORS || b >= CONDUCTORS || a == b || on > 1)
		return -EINVAL;
	mutex_lock(&lock);
	join(a, b, on);
	settle();
	return size;
}

static const struct file_operations switch_file = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = switch_write,
};

static int log_show(struct seq_file *out, void *unused)
{
	u32 i;

	mutex_lock(&lock);
	for (i = count > KEPT ? count - KEPT : 0; i < count; i++)
		seq_printf(out, "%llu %u %u\n", kept[i % KEPT].at, kept[i % KEPT].line, kept[i % KEPT].level);
	mutex_unlock(&lock);
	return 0;
}

static int log_open(struct inode *inode, struct file *f)
{
	return single_open(f, log_show, NULL);
}

static ssize_t log_write(struct file *f, const char __user *from, size_t size, loff_t *at)
{
	mutex_lock(&lock);
	count = 0;
	mutex_unlock(&lock);
	return size;
}

static const struct file_operations log_file = {
	.owner = THIS_MODULE,
	.open = log_open,
	.read = seq_read,
	.write = log_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* What gpiozero asks for the model of its Pi. */
static int revision_show(struct seq_file *out, void *unused)
{
	__be32 big = cpu_to_be32(REVISION);

	seq_write(out, &big, sizeof(big));
	return 0;
}

static int __init wires_begin(void)
{
	unsigned int i;
	int error;

	kept = kvcalloc(KEPT, sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return -ENOMEM;
	device = platform_device_register_simple("wires", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device)) {
		kvfree(kept);
		return PTR_ERR(device);
	}
	chip.label = "pinctrl-bcm2711";
	chip.parent = &device->dev;
	chip.owner = THIS_MODULE;
	chip.base = -1;
	chip.ngpio = LINES;
	chip.can_sleep = true;
	chip.get = wires_get;
	chip.set = wires_set;
	chip.direction_input = wires_input;
	chip.direction_output = wires_output;
	chip.get_direction = wires_direction;
	chip.set_config = wires_config;
	chip.free = wires_free;
	gpio_irq_chip_set_chip(&chip.irq, &irqs);
	chip.irq.handler = handle_simple_irq;
	chip.irq.default_type = IRQ_TYPE_NONE;
	chip.irq.threaded = true;
	for (i = 0; i < grounds; i++)
		if (grounded[i] < LINES)
			join(grounded[i], GROUND, true);
	say("begin\n");
	panic_blink = blink;
	error = gpiochip_add_data(&chip, NULL);
	if (error) {
		platform_device_unregister(device);
		kvfree(kept);
		return error;
	}
	folder = debugfs_create_dir("wires", NULL);
	debugfs_create_file("switch", 0200, folder, NULL, &switch_file);
	debugfs_create_file("log", 0600, folder, NULL, &log_file);
	debugfs_create_u32("shorts", 0600, folder, &shorts);
	if (of_have_populated_dt())
		remove_proc_entry("device-tree", NULL); /* the emulated machine's own, which is no Pi's */
	tree = proc_mkdir("device-tree", NULL);
	proc_create_single("linux,revision", 0444, proc_mkdir("system", tree), revision_show);
	return 0;
}

static void __exit wires_end(void)
{
	panic_blink = NULL;
	proc_remove(tree);
	debugfs_remove(folder);
	gpiochip_remove(&chip);
	platform_device_unregister(device);
	kvfree(kept);
}

module_init(wires_begin);
module_exit(wires_end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The pins of a Raspberry Pi and what is wired to them, for tests");
