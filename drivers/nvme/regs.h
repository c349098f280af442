/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "kernel/lib/bits.h"

/* NVM Express Base Specification, "Controller Properties"; 64-bit ones as two dwords. */
#define NVME_CAP            0x00
#define NVME_CAP_LO_MQES    GENMASK(15, 0)  /* entries of an I/O queue, less 1 */
#define NVME_CAP_LO_TO      GENMASK(31, 24) /* 500 ms units until CSTS.RDY follows CC.EN */
#define NVME_CAP_HI_DSTRD   GENMASK(3, 0)   /* doorbells are 4 << DSTRD bytes apart */
#define NVME_CAP_HI_CSS_NVM BIT(5)
#define NVME_CAP_HI_CSS_CSI BIT(11)
#define NVME_CAP_HI_MPSMIN  GENMASK(19, 16) /* smallest memory page is 4096 << MPSMIN bytes */
#define NVME_VS             0x08
#define NVME_VS_1_1         0x00010100u
#define NVME_CC             0x14
#define NVME_CC_EN          BIT(0)
#define NVME_CC_CSS         GENMASK(6, 4)
#define NVME_CC_CSS_NVM     0u
#define NVME_CC_CSS_CSI     6u
#define NVME_CC_MPS         GENMASK(10, 7)
#define NVME_CC_IOSQES      GENMASK(19, 16)
#define NVME_CC_IOCQES      GENMASK(23, 20)
#define NVME_CSTS           0x1c
#define NVME_CSTS_RDY       BIT(0)
#define NVME_CSTS_CFS       BIT(1)
#define NVME_AQA            0x24
#define NVME_AQA_ASQS       GENMASK(11, 0)
#define NVME_AQA_ACQS       GENMASK(27, 16)
#define NVME_ASQ            0x28
#define NVME_ACQ            0x30
#define NVME_DOORBELLS      0x1000

/* What every register reads as when the function does not answer. */
#define NVME_ALL_ONES 0xffffffffu

#define NVME_SQE_SHIFT 6
#define NVME_CQE_SHIFT 4

/* Submission queue entry ("Common Command Format"); little-endian. */
struct nvme_sqe {
	uint32_t cdw0; /* opcode, flags, command identifier */
	uint32_t nsid;
	uint32_t cdw2, cdw3;
	uint64_t mptr;
	uint64_t prp1, prp2;
	uint32_t cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};
_Static_assert(sizeof(struct nvme_sqe) == 1 << NVME_SQE_SHIFT, "Common Command Format is 64 bytes");

#define NVME_CDW0_CID GENMASK(31, 16)

/* Completion queue entry ("Common Completion Queue Entry Layout"); little-endian. */
struct nvme_cqe {
	uint32_t dw0;
	uint32_t dw1;
	uint32_t dw2; /* SQ identifier, SQ head */
	uint32_t dw3; /* status, phase, command identifier */
};
_Static_assert(sizeof(struct nvme_cqe) == 1 << NVME_CQE_SHIFT, "a completion is 16 bytes");

#define NVME_DW2_SQHD   GENMASK(15, 0)
#define NVME_DW2_SQID   GENMASK(31, 16)
#define NVME_DW3_CID    GENMASK(15, 0)
#define NVME_DW3_PHASE  BIT(16)
#define NVME_DW3_STATUS GENMASK(31, 17)

/* Fields of a status, as taken from dword 3. */
#define NVME_STATUS_SC  GENMASK(7, 0)
#define NVME_STATUS_SCT GENMASK(10, 8)
#define NVME_STATUS_DNR BIT(14)

enum nvme_admin_opcode {
	NVME_ADMIN_CREATE_SQ = 0x01,
	NVME_ADMIN_CREATE_CQ = 0x05,
	NVME_ADMIN_IDENTIFY = 0x06,
	NVME_ADMIN_ABORT = 0x08,
	NVME_ADMIN_SET_FEATURES = 0x09,
	NVME_ADMIN_GET_FEATURES = 0x0a,
	NVME_ADMIN_ASYNC_EVENT = 0x0c,
};

enum nvme_io_opcode { NVME_IO_FLUSH = 0x00, NVME_IO_WRITE = 0x01, NVME_IO_READ = 0x02 };

#define NVME_FEATURE_NUMBER_OF_QUEUES 0x07
#define NVME_CREATE_CONTIGUOUS        BIT(0)
#define NVME_CREATE_CQ_IEN            BIT(1)
#define NVME_ABORT_NOT_ABORTED        BIT(0) /* of its result */

#define NVME_NSID_ALL 0xffffffffu

/* Identify ("Identify Command", CNS) and byte offsets in what it returns. */
#define NVME_IDENTIFY_BYTES     4096
#define NVME_CNS_NAMESPACE      0x00
#define NVME_CNS_CONTROLLER     0x01
#define NVME_CNS_NAMESPACE_LIST 0x02
#define NVME_IDCTRL_SN          4
#define NVME_IDCTRL_SN_BYTES    20
#define NVME_IDCTRL_MN          24
#define NVME_IDCTRL_MN_BYTES    40
#define NVME_IDCTRL_FR          64
#define NVME_IDCTRL_FR_BYTES    8
#define NVME_IDCTRL_MDTS        77
#define NVME_IDCTRL_NN          516
#define NVME_IDNS_NSZE          0
#define NVME_IDNS_FLBAS         26
#define NVME_IDNS_FLBAS_LO      GENMASK(3, 0)
#define NVME_IDNS_FLBAS_HI      GENMASK(6, 5)
#define NVME_IDNS_LBAF          128 /* 64 formats of 4 bytes */
#define NVME_IDNS_LBAF_MS       GENMASK(15, 0)
#define NVME_IDNS_LBAF_LBADS    GENMASK(23, 16)
